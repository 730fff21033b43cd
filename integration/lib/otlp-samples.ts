/** OTLP requests with everything that a span can have, for tests that follow spans to their end. */

type Json = Record<string, unknown>;

const text = (value: string): Json => ({ stringValue: value });
const kv = (key: string, value: Json): Json => ({ key, value });

function hex(seed: number, bytes: number): string {
  let out = '';
  let state = seed * 2654435761 + 1;
  for (let i = 0; i < bytes; i += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out += ((state >>> 16) & 255).toString(16).padStart(2, '0');
  }
  return out;
}

const everyAttribute: Json[] = [
  kv('string', text('x')),
  kv('int', { intValue: '123' }),
  kv('big', { intValue: '9223372036854775807' }),
  kv('negative', { intValue: '-5' }),
  kv('double', { doubleValue: 72.5 }),
  kv('whole', { doubleValue: 3 }),
  kv('yes', { boolValue: true }),
  kv('no', { boolValue: false }),
  kv('list', { arrayValue: { values: [text('a'), { intValue: '2' }, { boolValue: true }] } }),
  kv('map', { kvlistValue: { values: [kv('b', text('z')), kv('a', { intValue: '1' })] } }),
  kv('bytes', { bytesValue: 'AAEC' }),
  kv('empty', {}),
  kv('unicode', text('grüße ☃ <&>')),
];

/**
 * One request of `traces` traces: front (server, with all kinds of attributes, events, links) ->
 * inner -> back (server) and queue (producer), some with errors.
 * @param nowNs end of the newest span
 */
export function shopTraces(traces: number, nowNs: bigint, seed = 1): Json {
  const front: Json[] = [];
  const back: Json[] = [];
  for (let i = 0; i < traces; i += 1) {
    const traceId = hex(seed * 1000 + i, 16);
    const id = (n: number): string => hex(seed * 1_000_000 + i * 10 + n, 8);
    const end = nowNs - BigInt(i) * 1_000_000_000n;
    const at = (startMs: number, endMs: number): Json => ({
      startTimeUnixNano: `${end - BigInt(startMs) * 1_000_000n + 123n}`,
      endTimeUnixNano: `${end - BigInt(endMs) * 1_000_000n}`,
    });
    const attributes = [...everyAttribute, kv('order', { intValue: `${i}` })];
    const events = [
      {
        timeUnixNano: `${end - 40_000_000n}`,
        name: 'cache miss',
        attributes: [kv('key', text(`k${i}`)), kv('size', { intValue: '7' })],
        droppedAttributesCount: 1,
      },
      { timeUnixNano: `${end - 30_000_000n}`, name: 'retry', attributes: [] },
    ];
    const link = { traceId: hex(77, 16), spanId: hex(78, 8), traceState: 'l=1', flags: 1 };
    front.push(
      {
        ...{ traceId, spanId: id(1), traceState: 'k=v', flags: 257, name: 'GET /order', kind: 2 },
        ...at(100, 0),
        ...{ attributes, droppedAttributesCount: 2, events, droppedEventsCount: 4 },
        links: [{ ...link, attributes: [kv('why', text('batch'))] }],
        droppedLinksCount: 5,
        status: i % 3 === 0 ? { code: 2, message: 'boom' } : {},
      },
      {
        ...{ traceId, spanId: id(2), parentSpanId: id(1), name: 'load', kind: 1 },
        ...at(90, 20),
        status: { code: 1 },
      },
    );
    back.push(
      {
        ...{ traceId, spanId: id(3), parentSpanId: id(2), name: 'SELECT orders', kind: 2 },
        ...at(80, 30),
        attributes: [kv('db.system.name', text('mysql')), kv('rows', { intValue: `${i}` })],
      },
      {
        ...{ traceId, spanId: id(4), parentSpanId: id(3), name: 'publish', kind: 4 },
        ...at(60, 50),
      },
    );
  }
  const scope = { name: 'lib', version: '1.0', attributes: [kv('sc', text('v'))] };
  return {
    resourceSpans: [
      {
        resource: {
          attributes: [
            kv('service.name', text('front')),
            kv('zone', text('eu')),
            kv('cpu', { intValue: '4' }),
            kv('tags', { arrayValue: { values: [{ boolValue: true }] } }),
          ],
          droppedAttributesCount: 3,
        },
        scopeSpans: [{ scope, spans: front, schemaUrl: 'https://example.org/scope/1' }],
        schemaUrl: 'https://example.org/resource/1',
      },
      {
        resource: { attributes: [kv('service.name', text('back')), kv('host.name', text('h2'))] },
        scopeSpans: [{ scope: {}, spans: back }],
      },
    ],
  };
}
