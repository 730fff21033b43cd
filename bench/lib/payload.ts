/**
 * OTLP requests of a known shape, written by hand here so that the load does not depend on the code
 * under test: spans of about 450 bytes (6 resource and 10 span attributes), logs with 1 KB bodies,
 * metrics half gauge and half sum points.
 */
import { randomBytes } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';

export type LoadSignal = 'traces' | 'logs' | 'metrics';
export type Compression = 'none' | 'gzip' | 'zstd';

type Part = Uint8Array | string;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

function bytesField(field: number, ...parts: Part[]): Buffer {
  const body = Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p) : p)));
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
}

function intField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function fixed64Field(field: number, value: bigint): Buffer {
  const body = Buffer.alloc(8);
  body.writeBigUInt64LE(value);
  return Buffer.concat([varint(field * 8 + 1), body]);
}

function stringAttribute(field: number, key: string, value: string): Buffer {
  return bytesField(field, bytesField(1, key), bytesField(2, bytesField(1, value)));
}

function intAttribute(field: number, key: string, value: number): Buffer {
  return bytesField(field, bytesField(1, key), bytesField(2, intField(3, value)));
}

function resource(index: number): Buffer {
  return bytesField(
    1,
    stringAttribute(1, 'service.name', `service-${index}`),
    stringAttribute(1, 'service.version', '1.2.3'),
    stringAttribute(1, 'k8s.pod.name', `pod-${index}-abcdef`),
    stringAttribute(1, 'k8s.namespace.name', 'default'),
    stringAttribute(1, 'host.name', `node-${index % 3}`),
    stringAttribute(1, 'telemetry.sdk.language', 'nodejs'),
  );
}

function span(index: number, start: bigint): Buffer {
  const path = `/api/v1/items/${(index * 7) % 5000}`;
  return bytesField(
    2,
    bytesField(1, randomBytes(16)),
    bytesField(2, randomBytes(8)),
    bytesField(4, randomBytes(8)),
    bytesField(5, `GET /api/v1/items/${index % 50}`),
    intField(6, 2),
    fixed64Field(7, start + BigInt(index) * 1000n),
    fixed64Field(8, start + BigInt(index) * 1777n + 500_000n),
    stringAttribute(9, 'http.request.method', 'GET'),
    stringAttribute(9, 'url.path', path),
    stringAttribute(9, 'server.address', 'items.default.svc'),
    stringAttribute(9, 'user_agent.original', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36'),
    stringAttribute(9, 'network.peer.address', `10.1.${index % 256}.${(index * 3) % 256}`),
    stringAttribute(9, 'http.route', '/api/v1/items/:id'),
    stringAttribute(9, 'url.scheme', 'http'),
    stringAttribute(9, 'network.protocol.version', '1.1'),
    intAttribute(9, 'http.response.status_code', 200),
    intAttribute(9, 'server.port', 8080),
    bytesField(15, intField(3, 1)),
  );
}

const words =
  'the order was placed and payment accepted by provider while stock is reserved '.split(' ');

function logRecord(index: number, now: bigint): Buffer {
  let body = `request ${index} ${randomBytes(16).toString('hex')} `;
  for (let i = index; body.length < 1000; i += 1) body += `${words[(i * 7) % words.length]} `;
  return bytesField(
    2,
    fixed64Field(1, now + BigInt(index)),
    intField(2, 9),
    bytesField(3, 'INFO'),
    bytesField(5, bytesField(1, body.slice(0, 1024))),
    stringAttribute(6, 'log.file.name', 'app.log'),
    stringAttribute(6, 'thread.name', `worker-${index % 16}`),
    intAttribute(6, 'request.id', index),
    fixed64Field(11, now + BigInt(index)),
  );
}

function point(field: number, index: number, now: bigint): Buffer {
  return bytesField(
    field,
    fixed64Field(2, now - 60_000_000_000n),
    fixed64Field(3, now + BigInt(index)),
    fixed64Field(6, BigInt(index)),
    stringAttribute(7, 'device', `disk-${index % 20}`),
    stringAttribute(7, 'direction', index % 2 === 0 ? 'read' : 'write'),
    stringAttribute(7, 'state', 'used'),
  );
}

function metric(index: number, points: number, now: bigint): Buffer {
  const data = Array.from({ length: points }, (_, i) => point(1, index * points + i, now));
  const body =
    index % 2 === 0
      ? bytesField(5, ...data)
      : bytesField(7, ...data, intField(2, 2), intField(3, 1));
  return bytesField(
    2,
    bytesField(1, `system.disk.operations.${index}`),
    bytesField(3, '{ops}'),
    body,
  );
}

/** @returns one export request with `items` spans, log records or data points */
export function request(signal: LoadSignal, items: number): Buffer {
  const resources = Math.min(10, items);
  const now = BigInt(Date.now()) * 1_000_000n;
  const scope = bytesField(
    1,
    bytesField(1, '@opentelemetry/instrumentation-http'),
    bytesField(2, '1'),
  );
  const groups: Buffer[] = [];
  for (let r = 0; r < resources; r += 1) {
    const count = Math.floor(items / resources) + (r < items % resources ? 1 : 0);
    const body: Buffer[] = [scope];
    if (signal === 'metrics') {
      for (let i = 0, left = count; left > 0; i += 1) {
        const points = Math.min(10, left);
        body.push(metric(i, points, now));
        left -= points;
      }
    } else {
      const item = signal === 'traces' ? span : logRecord;
      for (let i = 0; i < count; i += 1) body.push(item(r * count + i, now));
    }
    groups.push(bytesField(1, resource(r), bytesField(2, ...body)));
  }
  return Buffer.concat(groups);
}

/** Where the trace ids of a request made by {@link request} are. */
const idPlaces = new WeakMap<Buffer, number[]>();

/** The tag and length of a trace id, and what follows it: those of a span id. */
function findIds(body: Buffer): number[] {
  const places: number[] = [];
  for (let at = body.indexOf('\x0a\x10'); at >= 0; at = body.indexOf('\x0a\x10', at + 1)) {
    if (body[at + 18] === 0x12 && body[at + 19] === 8) places.push(at + 2);
  }
  return places;
}

let traces = 0;

/**
 * A copy of a request with traces of its own: spans that stand `items / spansPerTrace` apart are of
 * one trace, so that each has several resources.
 */
export function freshTraces(
  body: Buffer,
  { items, spansPerTrace }: { readonly items: number; readonly spansPerTrace: number },
): Buffer {
  let places = idPlaces.get(body);
  if (places === undefined) {
    places = findIds(body);
    if (places.length !== items) throw new Error(`BUG: ${places.length} trace ids, not ${items}`);
    idPlaces.set(body, places);
  }
  const copy = Buffer.from(body);
  const count = Math.ceil(items / spansPerTrace);
  for (let i = 0; i < places.length; i += 1) {
    const number = traces + (i % count);
    // ids as random as a multiplication makes them
    copy.writeUInt32LE(Math.imul(number, 0x9e3779b1) >>> 0, places[i]! + 8);
    copy.writeUInt32LE(Math.imul(number ^ 0x5bd1e995, 0x85ebca77) >>> 0, places[i]! + 12);
    copy.writeUInt32LE(number, places[i]!);
    copy.writeUInt32LE(0xabcdef01, places[i]! + 4);
  }
  traces += count;
  return copy;
}

/** The start, time and value of a point: three fixed numbers, one after the other. */
function findPoints(body: Buffer): number[] {
  const places: number[] = [];
  for (let at = body.indexOf(0x11); at >= 0; at = body.indexOf(0x11, at + 1)) {
    if (body[at + 9] === 0x19 && body[at + 18] === 0x31) places.push(at + 10);
  }
  return places;
}

let steps = 0n;

/** A copy of a metrics request whose points are a second later and higher than in the last copy. */
export function freshPoints(body: Buffer, items: number): Buffer {
  let places = idPlaces.get(body);
  if (places === undefined) {
    places = findPoints(body);
    if (places.length !== items) throw new Error(`BUG: ${places.length} points, not ${items}`);
    idPlaces.set(body, places);
  }
  const copy = Buffer.from(body);
  steps += 1n;
  const first = copy.readBigUInt64LE(places[0]!);
  for (const [i, at] of places.entries()) {
    copy.writeBigUInt64LE(first + steps * 1_000_000_000n + BigInt(i), at);
    copy.writeBigUInt64LE(steps * 10n + BigInt(i), at + 9);
  }
  return copy;
}

/** A request body as it goes over the wire. */
export function compress(body: Buffer, compression: Compression): Buffer {
  if (compression === 'gzip') return gzipSync(body);
  if (compression === 'zstd') return zstdCompressSync(body);
  return body;
}
