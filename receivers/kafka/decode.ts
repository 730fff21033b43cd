import type { Batch, Logs } from '../../pdata/batch.ts';
import { parseJson } from '../../pdata/json.ts';
import { encodeLogs, type LogRecord, type Value } from '../../pdata/objects/index.ts';
import { parseRequest } from '../../pdata/parse.ts';
import type { Signal } from '../../pdata/signal.ts';
import { lookUpEncoding } from '../../stanza/encoding.ts';

/** Reads the value of a record. @throws Error for what is not so encoded */
export type Decode<S extends Signal> = (value: Buffer, nowMs: number) => Batch<S>;

const none = new Uint8Array(0);

function logs(body: Value, observedMs: number): Logs {
  const record: LogRecord = {
    timeUnixNano: 0n,
    observedTimeUnixNano: BigInt(Math.round(observedMs * 1000)) * 1000n,
    severityNumber: 0,
    severityText: '',
    body,
    attributes: new Map(),
    droppedAttributesCount: 0,
    flags: 0,
    traceId: none,
    spanId: none,
    eventName: '',
  };
  const scope = { name: '', version: '', attributes: new Map(), droppedAttributesCount: 0 };
  const resource = { attributes: new Map(), droppedAttributesCount: 0 };
  return encodeLogs([
    { resource, schemaUrl: '', scopes: [{ scope, schemaUrl: '', items: [record] }] },
  ]);
}

/** JSON's values; numbers are doubles, as in the Go collector. */
function plainValue(json: unknown): Value {
  if (Array.isArray(json)) return json.map(plainValue);
  if (typeof json !== 'object' || json === null) return json as Value;
  return new Map(Object.entries(json).map(([key, value]) => [key, plainValue(value)]));
}

function jsonBody(value: Buffer): Value {
  const json: unknown = JSON.parse(value.toString());
  if (json === null) return new Map();
  if (typeof json !== 'object' || Array.isArray(json)) {
    throw new Error('cannot read a log record: expected a JSON object');
  }
  return plainValue(json);
}

function logsDecoder(encoding: string): Decode<'logs'> | undefined {
  if (encoding === 'raw') return (value) => logs(Uint8Array.from(value), 0);
  if (encoding === 'json') return (value, nowMs) => logs(jsonBody(value), nowMs);
  if (encoding !== 'text' && !encoding.startsWith('text_')) return undefined;
  const charset = encoding === 'text' ? 'utf-8' : encoding.slice('text_'.length);
  const { decode } = lookUpEncoding(charset);
  return (value, nowMs) => logs(decode(value), nowMs);
}

/** @throws Error for an encoding that the signal does not have */
export function decoder<S extends Signal>(signal: S, encoding: string): Decode<S> {
  if (encoding === 'otlp_proto') return (value) => parseRequest(signal, value);
  if (encoding === 'otlp_json') return (value) => parseJson(signal, value);
  const found = signal === 'logs' ? logsDecoder(encoding) : undefined;
  if (found !== undefined) return found as unknown as Decode<S>;
  throw new Error(`cannot decode: unrecognized ${signal} encoding ${JSON.stringify(encoding)}`);
}
