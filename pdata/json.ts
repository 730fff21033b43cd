import type { Batch } from './batch.ts';
import { printMessage } from './json/print.ts';
import { jsonToProto } from './json/read.ts';
import { defaultLimits, type Limits, parseRequest } from './parse.ts';
import { asBuffer } from './proto/as-buffer.ts';
import { Cursor, readVarint, skipValue } from './proto/cursor.ts';
import { type Message, messages, requestMessage } from './schema.ts';
import type { Signal } from './signal.ts';

/**
 * Reads OTLP/JSON (opentelemetry-proto, docs/specification.md "JSON Protobuf Encoding") into a
 * batch. Ids are hex in either case, other bytes base64; 64-bit integers are exact, as numbers or
 * strings; enums are numbers or names; snake_case names are accepted; unknown fields and nulls are
 * ignored; of keys that come twice the last wins.
 *
 * @param bytes one JSON object, UTF-8
 * @throws WireError, and what `limits.memory` throws
 */
export function parseJson<S extends Signal>(
  signal: S,
  bytes: Uint8Array,
  limits: Limits = defaultLimits,
): Batch<S> {
  return parseRequest(
    signal,
    jsonToProto(bytes, requestMessage[signal], limits.maxNesting, limits.memory),
    limits,
  );
}

/**
 * The batch as one OTLP/JSON object, in pieces of one resource each: lowerCamelCase names, 64-bit
 * integers as strings, enums as numbers, ids in lower hex. Unknown fields are left out; text that
 * is not UTF-8 gets U+FFFD.
 */
export function* toJsonChunks<S extends Signal>(batch: Batch<S>): Generator<string> {
  const root = requestMessage[batch.signal];
  const list = root.fields[0]!;
  const group = messages[list.message]!;
  let before = `{"${list.name}":[`;
  const dictionary: Uint8Array[] = [];
  for (const bytes of batch.ranges()) {
    const range = asBuffer(bytes);
    const c = new Cursor(range);
    while (c.pos < range.length) {
      const tag = readVarint(c);
      const field = root.byNumber[Math.floor(tag / 8)];
      if (field === undefined) {
        skipValue(c, tag);
        continue;
      }
      const length = readVarint(c);
      const start = c.pos;
      c.pos += length;
      if (field !== list) {
        dictionary.push(range.subarray(start, c.pos));
        continue;
      }
      yield before + printMessage(range, start, c.pos, group);
      before = ',';
    }
  }
  yield `${before === ',' ? '' : before}]${dictionaryText(root, dictionary)}}`;
}

/** The second field of a profiles request; several of them are one, as protobuf says. */
function dictionaryText(root: Message, parts: readonly Uint8Array[]): string {
  const field = root.fields[1];
  if (field === undefined || parts.length === 0) return '';
  const bytes = Buffer.concat(parts);
  return `,"${field.name}":${printMessage(bytes, 0, bytes.length, messages[field.message]!)}`;
}

/** The batch as one OTLP/JSON text; see {@link toJsonChunks}. */
export function toJson<S extends Signal>(batch: Batch<S>): string {
  return [...toJsonChunks(batch)].join('');
}
