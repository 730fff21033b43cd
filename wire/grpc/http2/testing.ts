import { Connection, type ConnectionOptions, type StreamHandler } from './connection.ts';
import { FrameReader } from './frame-reader.ts';

/** A frame that a connection sent. */
export interface SentFrame {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: Buffer;
}

/** A connection under test: what it sent, and what it told its handler. */
export interface Bench {
  readonly connection: Connection<string>;
  readonly sent: SentFrame[];
  readonly events: string[];
  closed: boolean;
  nowMs: number;
}

/** Reads what a connection writes into `frames`. */
function frameList(frames: SentFrame[]): FrameReader {
  let data: { id: number; parts: Buffer[] } = { id: 0, parts: [] };
  return new FrameReader(false, {
    frame: (type, flags, id, b, start, end) =>
      void frames.push({ type, flags, id, payload: Buffer.from(b.subarray(start, end)) }),
    dataStart: (id) => {
      data = { id, parts: [] };
    },
    dataPart: (b, start, end) => void data.parts.push(Buffer.from(b.subarray(start, end))),
    dataEnd: (end) =>
      void frames.push({
        type: 0,
        flags: end ? 1 : 0,
        id: data.id,
        payload: Buffer.concat(data.parts),
      }),
  });
}

/** Makes a connection whose handler opens every stream and writes down what happens. */
export function bench(options: Partial<ConnectionOptions> = {}): Bench {
  const sent: SentFrame[] = [];
  const reader = frameList(sent);
  const events: string[] = [];
  let connection: Connection<string> | undefined;
  const handler: StreamHandler<string> = {
    headers(stream, id, list, end) {
      events.push(
        `headers ${id} ${list.count}${list.overLimit ? ' over' : ''}${end ? ' end' : ''}`,
      );
      if (stream === undefined) connection!.open(id, `call ${id}`);
    },
    data: (stream, _, start, end) => void events.push(`data ${stream.id} ${end - start}`),
    end: (stream) => void events.push(`end ${stream.id}`),
    aborted: (stream, code, by) => void events.push(`aborted ${stream.id} ${code} ${by}`),
    goaway: (last, code, debug) => void events.push(`goaway ${last} ${code} ${debug}`),
  };
  const result: Bench = {
    get connection() {
      return connection!;
    },
    sent,
    events,
    closed: false,
    nowMs: 0,
  };
  connection = new Connection(
    {
      server: true,
      streamWindow: 65_535,
      connectionWindow: 65_535,
      maxConcurrentStreams: 100,
      maxHeaderListSize: 16_384,
      maxHeaderPairs: 100,
      nowMs: () => result.nowMs,
      ...options,
    },
    handler,
    {
      write: (parts) => reader.read(Buffer.concat(parts)),
      close: () => {
        result.closed = true;
      },
      defer: (flush) => flush(),
    },
  );
  return result;
}
