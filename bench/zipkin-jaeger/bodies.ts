/** Messages of 1,000 spans with ten tags each, as clients of Zipkin and Jaeger send them. */
import { TracesBuilder } from '../../pdata/builder.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { writeZipkinJson, writeZipkinProto } from '../../wire/zipkin/write.ts';

export const spansEach = 1000;

const start = 1_700_000_000_000_000n;

function tagsOf(i: number): readonly (readonly [string, string])[] {
  return [
    ['http.method', i % 3 === 0 ? 'POST' : 'GET'],
    ['http.path', `/api/v1/items/${i % 50}`],
    ['http.status_code', i % 20 === 0 ? '500' : '200'],
    ['http.host', 'shop.example.com'],
    ['component', 'net/http'],
    ['db.statement', `SELECT * FROM items WHERE id = ${i}`],
    ['user.id', `user-${(i * 7919) % 10_000}`],
    ['region', 'eu-central-1'],
    ['thread', `worker-${i % 16}`],
    ['note', 'nothing that anybody would look for'],
  ];
}

function id(n: number, size: number): Buffer {
  const bytes = Buffer.alloc(size, 0x5a);
  bytes.writeUInt32BE((Math.imul(n + 1, 2_654_435_761) ^ 0x1234) >>> 0, size - 4);
  return bytes;
}

function otlp() {
  const builder = new TracesBuilder();
  builder.resource({ 'service.name': 'shop' });
  for (let i = 0; i < spansEach; i += 1) {
    builder.span({
      traceId: id(i >> 3, 16),
      spanId: id(i, 8),
      parentSpanId: i % 8 === 0 ? undefined : id(i - 1, 8),
      name: `get /items/${i % 50}`,
      kind: 2 + (i % 2),
      startTimeUnixNano: (start + BigInt(i)) * 1000n,
      endTimeUnixNano: (start + BigInt(i) + 1500n) * 1000n,
      attributes: Object.fromEntries([
        ...tagsOf(i),
        ['network.local.address', '10.1.2.3'],
        ['net.host.port', '8080'],
      ]),
      events: [{ timeUnixNano: (start + BigInt(i) + 3n) * 1000n, name: 'ws' }],
    });
  }
  return builder.finish();
}

function zipkin1(): Buffer {
  const endpoint = { serviceName: 'shop', ipv4: '10.1.2.3', port: 8080 };
  const spans = Array.from({ length: spansEach }, (_, i) => ({
    traceId: id(i >> 3, 16).toString('hex'),
    id: id(i, 8).toString('hex'),
    ...(i % 8 === 0 ? {} : { parentId: id(i - 1, 8).toString('hex') }),
    name: `get /items/${i % 50}`,
    timestamp: Number(start) + i,
    duration: 1500,
    annotations: [
      { timestamp: Number(start) + i, value: i % 2 === 0 ? 'sr' : 'cs', endpoint },
      { timestamp: Number(start) + i + 1500, value: i % 2 === 0 ? 'ss' : 'cr', endpoint },
      { timestamp: Number(start) + i + 3, value: 'ws', endpoint },
    ],
    binaryAnnotations: tagsOf(i).map(([key, value]) => ({ key, value, endpoint })),
  }));
  return Buffer.from(JSON.stringify(spans));
}

/** Thrift's binary protocol, as far as Jaeger's Batch needs it. */
class Thrift {
  readonly parts: Buffer[] = [];

  field(type: number, number: number): this {
    const head = Buffer.alloc(3);
    head[0] = type;
    head.writeInt16BE(number, 1);
    this.parts.push(head);
    return this;
  }

  i32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    this.parts.push(bytes);
    return this;
  }

  i64(value: bigint): this {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    this.parts.push(bytes);
    return this;
  }

  text(value: string): this {
    this.i32(Buffer.byteLength(value));
    this.parts.push(Buffer.from(value));
    return this;
  }

  list(count: number): this {
    this.parts.push(Buffer.of(12));
    return this.i32(count);
  }

  end(): this {
    this.parts.push(Buffer.of(0));
    return this;
  }

  tags(pairs: readonly (readonly [string, string])[]): this {
    this.list(pairs.length);
    for (const [key, value] of pairs) {
      this.field(11, 1).text(key).field(8, 2).i32(0).field(11, 3).text(value).end();
    }
    return this;
  }
}

function jaegerThrift(): Buffer {
  const t = new Thrift();
  t.field(12, 1)
    .field(11, 1)
    .text('shop')
    .field(15, 2)
    .tags([['hostname', 'box']])
    .end();
  t.field(15, 2).list(spansEach);
  for (let i = 0; i < spansEach; i += 1) {
    const trace = id(i >> 3, 16);
    t.field(10, 1).i64(trace.readBigInt64BE(8)).field(10, 2).i64(trace.readBigInt64BE(0));
    t.field(10, 3).i64(id(i, 8).readBigInt64BE());
    t.field(10, 4).i64(i % 8 === 0 ? 0n : id(i - 1, 8).readBigInt64BE());
    t.field(11, 5)
      .text(`get /items/${i % 50}`)
      .field(8, 7)
      .i32(1);
    t.field(10, 8)
      .i64(start + BigInt(i))
      .field(10, 9)
      .i64(1500n);
    t.field(15, 10).tags([...tagsOf(i), ['span.kind', 'server']]);
    t.field(15, 11).list(1);
    t.field(10, 1)
      .i64(start + BigInt(i) + 3n)
      .field(15, 2)
      .tags([['event', 'ws']])
      .end();
    t.end();
  }
  return Buffer.concat(t.end().parts);
}

function keyValue(w: Writer, field: number, key: string, value: string): void {
  const at = w.open(field);
  w.stringField(1, key);
  w.stringField(3, value);
  w.close(at);
}

function jaegerProto(): Uint8Array {
  const w = new Writer(1 << 20);
  const batch = w.open(1, 3);
  const time = (field: number, nanos: bigint): void => {
    const at = w.open(field);
    w.uintField(1, Number(nanos / 1_000_000_000n));
    w.uintField(2, Number(nanos % 1_000_000_000n));
    w.close(at);
  };
  for (let i = 0; i < spansEach; i += 1) {
    const at = w.open(1, 2);
    w.bytesField(1, id(i >> 3, 16));
    w.bytesField(2, id(i, 8));
    w.stringField(3, `get /items/${i % 50}`);
    if (i % 8 !== 0) {
      const ref = w.open(4);
      w.bytesField(1, id(i >> 3, 16));
      w.bytesField(2, id(i - 1, 8));
      w.close(ref);
    }
    time(6, (start + BigInt(i)) * 1000n);
    time(7, 1_500_000n);
    for (const [key, value] of tagsOf(i)) keyValue(w, 8, key, value);
    keyValue(w, 8, 'span.kind', 'server');
    const log = w.open(9);
    time(1, (start + BigInt(i) + 3n) * 1000n);
    keyValue(w, 2, 'event', 'ws');
    w.close(log);
    w.close(at);
  }
  const process = w.open(2);
  w.stringField(1, 'shop');
  keyValue(w, 2, 'hostname', 'box');
  w.close(process);
  w.close(batch);
  return w.take();
}

const batch = otlp();

/** Each format's message. */
export const bodies = {
  'zipkin v2 JSON': writeZipkinJson(batch).body,
  'zipkin v2 protobuf': writeZipkinProto(batch).body,
  'zipkin v1 JSON': zipkin1(),
  'jaeger Thrift': jaegerThrift(),
  'jaeger protobuf': jaegerProto(),
} as const;

export type Format = keyof typeof bodies;
