import { gunzipSync } from 'node:zlib';
import { Entry } from '../../stanza/entry/entry.ts';
import { MsgpackError, MsgpackReader } from './msgpack.ts';

/** One message of the forward protocol (v1). */
export interface ForwardEvent {
  readonly entries: Entry[];
  /** To be acknowledged when it was accepted; '' = not. */
  readonly chunk: string;
}

interface Options {
  readonly chunk: string;
  readonly compressed: string;
}

const noOptions: Options = { chunk: '', compressed: '' };

/**
 * Reads one message: `[tag, time, record, options?]`, `[tag, [[time, record] ...], options?]` or
 * `[tag, packed entries, options?]`, the last compressed by gzip where its options say so.
 * @param maxBytes that packed entries may become
 * @throws MsgpackError
 */
export function readEvent(data: Buffer, maxBytes: number): ForwardEvent {
  const reader = new MsgpackReader(data);
  const parts = reader.array();
  const tag = reader.text();
  switch (reader.peek()) {
    case 'int':
    case 'ext': {
      wanted(parts, 3, 4);
      const entry = readRecord(reader, tag);
      const { chunk } = parts === 4 ? readOptions(reader) : noOptions;
      return { entries: [entry], chunk };
    }
    case 'array': {
      wanted(parts, 2, 3);
      const entries: Entry[] = [];
      for (let left = reader.array(); left > 0; left -= 1) entries.push(readEntry(reader, tag));
      const { chunk } = parts === 3 ? readOptions(reader) : noOptions;
      return { entries, chunk };
    }
    case 'str':
    case 'bin': {
      wanted(parts, 2, 3);
      const packed = reader.bytes();
      const options = parts === 3 ? readOptions(reader) : noOptions;
      const entries = readPacked(
        options.compressed === 'gzip' ? unzip(packed, maxBytes) : packed,
        tag,
      );
      return { entries, chunk: options.chunk };
    }
    default:
      throw new MsgpackError(`cannot tell the kind of message from ${reader.peek()}`);
  }
}

function wanted(parts: number, least: number, most: number): void {
  if (parts < least || parts > most) {
    throw new MsgpackError(`a message of ${parts} parts, expected ${least} or ${most}`);
  }
}

function unzip(packed: Buffer, maxBytes: number): Buffer {
  try {
    return gunzipSync(packed, { maxOutputLength: maxBytes });
  } catch (error) {
    throw new MsgpackError(`cannot decompress entries: ${(error as Error).message}`);
  }
}

function readPacked(data: Buffer, tag: string): Entry[] {
  const reader = new MsgpackReader(data);
  const entries: Entry[] = [];
  while (!reader.done) entries.push(readEntry(reader, tag));
  return entries;
}

function readEntry(reader: MsgpackReader, tag: string): Entry {
  const parts = reader.array();
  if (parts !== 2) throw new MsgpackError(`an entry of ${parts} parts, expected 2`);
  return readRecord(reader, tag);
}

function readRecord(reader: MsgpackReader, tag: string): Entry {
  const entry = new Entry(0n);
  entry.timestamp = readTime(reader);
  const attributes: NonNullable<Entry['attributes']> = new Map([['fluent.tag', tag]]);
  for (let left = reader.map(); left > 0; left -= 1) {
    const key = reader.text();
    const value = reader.value();
    if (key === 'message' || key === 'log') entry.body = value;
    else attributes.set(key, value);
  }
  entry.attributes = attributes;
  return entry;
}

/** Seconds since 1970, or EventTime (extension 0): seconds and nanoseconds. */
function readTime(reader: MsgpackReader): bigint {
  if (reader.peek() === 'int') return BigInt.asUintN(64, reader.int() * 1_000_000_000n);
  if (reader.peek() !== 'ext') throw new MsgpackError(`a time of kind ${reader.peek()}`);
  const { type, bytes } = reader.ext();
  if (type !== 0 || bytes.length !== 8) throw new MsgpackError('a time that is no EventTime');
  return BigInt(bytes.readUInt32BE(0)) * 1_000_000_000n + BigInt(bytes.readUInt32BE(4));
}

function readOptions(reader: MsgpackReader): Options {
  let [chunk, compressed] = ['', ''];
  if (reader.peek() === 'nil') return noOptions;
  for (let left = reader.map(); left > 0; left -= 1) {
    const key = reader.text();
    const value = reader.value();
    if (typeof value !== 'string') continue;
    if (key === 'chunk') chunk = value;
    if (key === 'compressed') compressed = value;
  }
  return { chunk, compressed };
}
