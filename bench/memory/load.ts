import { Agent, request } from 'node:http';
import { type ClientHttp2Session, connect } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { TracesBuilder } from '../../pdata/builder.ts';

/** Spans of about `bytes` bytes whose ids say to which request they belong. */
export interface Template {
  readonly spans: number;
  /** A new body whose span ids are (request number, index), 4 bytes each, big endian. */
  body(request: number): Buffer;
}

export function template(bytes: number): Template {
  const builder = new TracesBuilder();
  builder.resource({ 'service.name': 'overload' });
  builder.scope('bench', '1');
  const spans = Math.floor(bytes / 1100);
  for (let i = 0; i < spans; i++) {
    const spanId = Buffer.alloc(8, 0xee);
    spanId.writeUInt32BE(i, 4);
    builder.span({
      traceId: Buffer.alloc(16, 0xdd),
      spanId,
      name: `operation ${i % 100}`,
      startTimeUnixNano: 1_700_000_000_000_000_000n,
      endTimeUnixNano: 1_700_000_000_001_000_000n,
      attributes: { payload: `${i}`.padEnd(1000, 'abcdefghij') },
    });
  }
  const whole = Buffer.concat(builder.finish().ranges());
  const offsets: number[] = [];
  const mark = Buffer.alloc(4, 0xee);
  for (let at = whole.indexOf(mark); at >= 0; at = whole.indexOf(mark, at + 8)) offsets.push(at);
  if (offsets.length !== spans) throw new Error(`BUG: ${offsets.length} of ${spans} ids found`);
  return {
    spans,
    body(number) {
      const copy = Buffer.from(whole);
      for (const at of offsets) copy.writeUInt32BE(number, at);
      return copy;
    },
  };
}

/** A small body that decompresses to `bytes` zeros. */
export function bomb(bytes: number): Buffer {
  return gzipSync(Buffer.alloc(bytes), { level: 9 });
}

/** What a sender got for one request; `hung`: no answer within {@link patienceMs}. */
export type Answer = 'accepted' | 'refused' | 'rejected' | 'broken' | 'hung';

/** How long a sender waits for an answer. */
export const patienceMs = 15_000;

/** One connection: sends one body at a time. */
export interface Connection {
  send(body: Buffer, gzip: boolean): Promise<Answer>;
  close(): void;
}

export function httpConnection(port: number): Connection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const path = '/v1/traces';
  return {
    send: (body, gzip) =>
      new Promise((resolve) => {
        const headers = {
          'content-type': 'application/x-protobuf',
          'content-length': body.length,
          ...(gzip ? { 'content-encoding': 'gzip' } : {}),
        };
        const to = { host: '127.0.0.1', port, path, method: 'POST', agent, headers };
        const sent = request(to, (response) => {
          response.resume().on('end', () => resolve(httpAnswer(response.statusCode ?? 0)));
          response.on('error', () => resolve('broken'));
        });
        sent.on('error', () => resolve('broken'));
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}

function httpAnswer(status: number): Answer {
  if (status === 200) return 'accepted';
  return status === 429 || status === 503 ? 'refused' : 'rejected';
}

export function grpcConnection(port: number): Connection {
  let session: ClientHttp2Session | undefined;
  const open = () => {
    // Node counts what a refused stream had not sent yet against the session until it stalls.
    session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 1000 });
    session.on('error', () => {});
    return session;
  };
  return {
    send: (body, gzip) =>
      new Promise((resolve) => {
        const via = session === undefined || session.closed || session.destroyed ? open() : session;
        const stream = via.request({
          ':method': 'POST',
          ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
          'content-type': 'application/grpc',
          te: 'trailers',
          ...(gzip ? { 'grpc-encoding': 'gzip' } : {}),
        });
        let status = -1;
        const read = (headers: NodeJS.Dict<unknown>) => {
          if (headers['grpc-status'] !== undefined) status = Number(headers['grpc-status']);
        };
        stream.on('response', read).on('trailers', read);
        stream.on('error', () => {});
        // An answer ends a call, whether the body was taken or not.
        const end = () => {
          resolve(grpcAnswer(status));
          stream.close();
        };
        stream.on('end', end).on('close', end);
        stream.resume();
        const prefix = Buffer.alloc(5);
        prefix[0] = gzip ? 1 : 0;
        prefix.writeUInt32BE(body.length, 1);
        stream.write(prefix);
        stream.end(body);
      }),
    close: () => session?.destroy(),
  };
}

function grpcAnswer(status: number): Answer {
  if (status === 0) return 'accepted';
  if (status === -1) return 'broken';
  return status === 14 ? 'refused' : 'rejected';
}
