import type { Traces } from '../../pdata/batch.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { addressBytes } from '../address/parse.ts';
import { microsOf, type OutEndpoint, type OutOptions, OutSpans } from './out-span.ts';

/** Spans written for a Zipkin server. */
export interface WrittenSpans {
  readonly body: Uint8Array;
  readonly spans: number;
  /** Spans that are not in it because an id is missing: Zipkin has no place for them. */
  readonly withoutId: number;
}

function hex(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex');
}

function isV6(address: string): boolean {
  return address.includes(':');
}

function endpointJson(endpoint: OutEndpoint): string {
  const { name, address, port } = endpoint;
  const parts: string[] = [];
  if (name !== '') parts.push(`"serviceName":${JSON.stringify(name.toLowerCase())}`);
  if (address !== '') parts.push(`"${isV6(address) ? 'ipv6' : 'ipv4'}":"${address}"`);
  if (port !== 0) parts.push(`"port":${port}`);
  return `{${parts.join(',')}}`;
}

function spanJson(span: OutSpans): string {
  const trace = hex(span.traceId);
  const traceId = trace.startsWith('0000000000000000') ? trace.slice(16) : trace;
  const parts = [`"traceId":"${traceId}","id":"${hex(span.spanId)}"`];
  if (span.parentId.length > 0) parts.push(`"parentId":"${hex(span.parentId)}"`);
  if (span.name !== '') parts.push(`"name":${JSON.stringify(span.name.toLowerCase())}`);
  if (span.kind !== '') parts.push(`"kind":"${span.kind}"`);
  if (span.timestamp !== 0) parts.push(`"timestamp":${span.timestamp}`);
  if (span.duration !== 0) parts.push(`"duration":${span.duration}`);
  const local = endpointJson(span.local);
  if (local !== '{}') parts.push(`"localEndpoint":${local}`);
  const remote = endpointJson(span.remote);
  if (remote !== '{}') parts.push(`"remoteEndpoint":${remote}`);
  if (span.annotations.length > 0) {
    const list = span.annotations.map(
      ({ lo, hi, value }) => `{"timestamp":${microsOf(lo, hi)},"value":${JSON.stringify(value)}}`,
    );
    parts.push(`"annotations":[${list.join(',')}]`);
  }
  if (span.tags.size > 0) {
    const pairs: string[] = [];
    for (const [key, text] of span.tags) {
      pairs.push(`${JSON.stringify(key)}:${JSON.stringify(text)}`);
    }
    parts.push(`"tags":{${pairs.join(',')}}`);
  }
  return `{${parts.join(',')}}`;
}

/**
 * A batch as a list of spans in JSON (https://zipkin.io/zipkin-api/zipkin2-api.yaml); names are in
 * lower case, as Zipkin has them.
 */
export function writeZipkinJson(batch: Traces, options?: OutOptions): WrittenSpans {
  const span = new OutSpans(batch, options);
  const parts: string[] = [];
  while (span.next()) parts.push(spanJson(span));
  const body = Buffer.from(`[${parts.join(',')}]`);
  return { body, spans: parts.length, withoutId: span.withoutId };
}

const kindNumbers: Readonly<Record<string, number>> = {
  CLIENT: 1,
  SERVER: 2,
  PRODUCER: 3,
  CONSUMER: 4,
};

function putEndpoint(w: Writer, field: number, { name, address, port }: OutEndpoint): void {
  if (name === '' && address === '' && port === 0) return;
  const at = w.open(field);
  if (name !== '') w.stringField(1, name);
  if (address !== '') {
    const bytes = addressBytes(address);
    if (isV6(address)) w.bytesField(3, bytes);
    else w.bytesField(2, bytes.subarray(12));
  }
  if (port !== 0) w.uintField(4, port);
  w.close(at);
}

function putMicros(w: Writer, field: number, us: number): void {
  w.fixed64Field(field, us >>> 0, Math.floor(us / 4294967296));
}

function putSpan(w: Writer, span: OutSpans): void {
  const at = w.open(1, 2);
  w.bytesField(1, span.traceId);
  if (span.parentId.length > 0) w.bytesField(2, span.parentId);
  w.bytesField(3, span.spanId);
  const kind = kindNumbers[span.kind];
  if (kind !== undefined) w.uintField(4, kind);
  if (span.name !== '') w.stringField(5, span.name);
  if (span.timestamp !== 0) putMicros(w, 6, span.timestamp);
  if (span.duration !== 0) w.uintField(7, span.duration);
  putEndpoint(w, 8, span.local);
  putEndpoint(w, 9, span.remote);
  for (const { lo, hi, value } of span.annotations) {
    const inner = w.open(10);
    putMicros(w, 1, microsOf(lo, hi));
    if (value !== '') w.stringField(2, value);
    w.close(inner);
  }
  for (const [key, text] of span.tags) {
    const inner = w.open(11);
    w.stringField(1, key);
    w.stringField(2, text);
    w.close(inner);
  }
  w.close(at);
}

/** A batch as a ListOfSpans of Zipkin's protobuf. */
export function writeZipkinProto(batch: Traces, options?: OutOptions): WrittenSpans {
  const span = new OutSpans(batch, options);
  const w = new Writer(4096);
  let spans = 0;
  for (; span.next(); spans += 1) putSpan(w, span);
  return { body: w.finish(), spans, withoutId: span.withoutId };
}
