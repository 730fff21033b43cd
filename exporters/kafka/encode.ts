import type { Batch } from '../../pdata/batch.ts';
import { toJson } from '../../pdata/json.ts';
import { decodeLogs, type Value } from '../../pdata/objects/index.ts';
import type { Signal } from '../../pdata/signal.ts';

/** Values of records for a batch. */
export type Encode = (batch: Batch<Signal>) => Buffer[];

/** Go's JSON writes these as escapes, so that texts are safe in HTML and JavaScript. */
const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** A number as Go's JSON writes it. @throws Error for what JSON has no number for */
function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`cannot write ${value} as JSON`);
  return Object.is(value, -0) ? '-0' : String(value);
}

function jsonText(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') {
    return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (found) => escapes[found]!);
  }
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  const keys = [...value.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${keys.map((key) => `${jsonText(key)}:${jsonText(value.get(key)!)}`).join(',')}}`;
}

/** The body of a log record: bytes as they are, all else as JSON; empty = no record. */
export function bodyBytes(body: Value): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body);
  return body === null ? Buffer.alloc(0) : Buffer.from(jsonText(body));
}

const raw: Encode = (batch) => {
  const bodies: Buffer[] = [];
  for (const { scopes } of decodeLogs(batch as Batch<'logs'>)) {
    for (const { items } of scopes) {
      for (const { body } of items) {
        const bytes = bodyBytes(body);
        if (bytes.length > 0) bodies.push(bytes);
      }
    }
  }
  return bodies;
};

const proto: Encode = (batch) => {
  const ranges = batch.ranges();
  const [only] = ranges;
  if (ranges.length !== 1 || only === undefined) return [Buffer.concat(ranges)];
  return [Buffer.from(only.buffer, only.byteOffset, only.byteLength)];
};

/** @throws Error for an encoding that the signal does not have */
export function encoder(signal: Signal, encoding: string): Encode {
  if (encoding === 'otlp_proto') return proto;
  if (encoding === 'otlp_json') return (batch) => [Buffer.from(toJson(batch))];
  if (encoding === 'raw' && signal === 'logs') return raw;
  throw new Error(`cannot encode: unrecognized ${signal} encoding ${JSON.stringify(encoding)}`);
}
