/** A trace of any size, the same each time: a request that fans out through twelve services. */
import { TracesBuilder } from '../../pdata/builder.ts';

const services = [
  ...['frontend', 'checkout', 'cart', 'catalog', 'payment', 'shipping'],
  ...['recommendation', 'ads', 'email', 'currency', 'inventory', 'search'],
];
const operations = [
  ...['GET /', 'POST /checkout', 'SELECT orders', 'Reserve', 'publish order.created'],
  ...['GET /products/{id}', 'render', 'INSERT payments', 'charge card', 'lookup'],
];

interface Sketch {
  readonly parent: number;
  readonly from: number;
  readonly lasts: number;
  readonly service: number;
}

/** Numbers in [0, 1), the same for each seed. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}

function sketches(count: number, next: () => number): Sketch[] {
  const list: Sketch[] = [{ parent: -1, from: 0, lasts: 4e9, service: 0 }];
  for (let i = 1; i < count; i++) {
    let parent = Math.max(0, Math.floor(i - 1 - next() * next() * Math.min(i, 60)));
    // What has become too short has no children: others have them.
    if (list[parent]!.lasts < 50_000) parent = Math.floor(next() * Math.min(i, 200));
    const above = list[parent]!;
    const from = above.from + next() * above.lasts * 0.6;
    const lasts = Math.max(1000, next() * (above.from + above.lasts - from));
    const service = next() < 0.6 ? above.service : Math.floor(next() * services.length);
    list.push({ parent, from, lasts, service });
  }
  return list;
}

function idOf(index: number): Buffer {
  const id = Buffer.alloc(8);
  id.writeBigUInt64BE(BigInt(index) + 1n);
  return id;
}

/**
 * OTLP requests of one trace, ten attributes a span, one span in a hundred failed.
 * @param startNs nanoseconds since 1970
 */
export function* traceRequests(traceId: Buffer, count: number, startNs: bigint): Generator<Buffer> {
  const next = random(count);
  const list = sketches(count, next);
  const perRequest = 4_000;
  for (let at = 0; at < list.length; at += perRequest) {
    const builder = new TracesBuilder();
    const part = list.slice(at, at + perRequest).map((span, i) => ({ ...span, index: at + i }));
    for (const [service, spans] of Map.groupBy(part, (span) => span.service)) {
      builder.resource({ 'service.name': services[service]!, 'host.name': `node-${service % 3}` });
      builder.scope('bench', '1');
      for (const { index, parent, from, lasts } of spans) {
        const failed = next() < 0.01;
        const start = startNs + BigInt(Math.floor(from));
        builder.span({
          traceId,
          spanId: idOf(index),
          ...(parent === -1 ? {} : { parentSpanId: idOf(parent) }),
          name: operations[index % operations.length]!,
          kind: 1 + (index % 5),
          startTimeUnixNano: start,
          endTimeUnixNano: start + BigInt(Math.floor(lasts)),
          ...(failed ? { statusCode: 2, statusMessage: 'deadline exceeded' } : {}),
          attributes: attributesOf(index, failed),
        });
      }
    }
    yield Buffer.concat(builder.finish().ranges());
  }
}

function attributesOf(index: number, failed: boolean) {
  return {
    'http.request.method': 'GET',
    'url.path': `/products/${index % 97}`,
    'http.response.status_code': failed ? 504 : 200,
    'server.address': '10.1.2.3',
    'db.system.name': 'postgresql',
    'db.query.text': `SELECT * FROM orders WHERE id = $1 /* ${index} */`,
    'user.id': index % 500,
    'messaging.system': 'kafka',
    cached: index % 2 === 0,
    ratio: 0.25,
  };
}
