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

const host = (n: number): Json[] => [
  kv('service.name', text(n % 2 === 0 ? 'front' : 'back')),
  kv('host.name', text(`h${n}`)),
  kv('zone', text('eu')),
];

/** `records` log records with bodies of every kind, in two resources. */
export function shopLogs(records: number, nowNs: bigint, seed = 1): Json {
  const bodies: Json[] = [
    text('order paid'),
    { kvlistValue: { values: [kv('code', { intValue: '7' }), kv('why', text('späť'))] } },
    { arrayValue: { values: [{ doubleValue: 1.5 }, {}] } },
    { intValue: '-12' },
    { bytesValue: '/w==' },
  ];
  const record = (i: number): Json => ({
    timeUnixNano: `${nowNs - BigInt(i) * 1_000_001n}`,
    observedTimeUnixNano: `${nowNs}`,
    severityNumber: 1 + (i % 24),
    severityText: i % 2 === 0 ? 'INFO' : 'error',
    body: bodies[i % bodies.length],
    attributes: i % 3 === 0 ? everyAttribute : [kv('key', text(`k${i}`))],
    droppedAttributesCount: i % 4,
    ...(i % 2 === 0
      ? { traceId: hex(seed * 1000 + i, 16), spanId: hex(seed + i, 8), flags: 1 }
      : {}),
    ...(i % 5 === 0 ? { eventName: 'shop.order' } : {}),
  });
  return {
    resourceLogs: [0, 1].map((n) => ({
      resource: { attributes: host(n), droppedAttributesCount: n },
      schemaUrl: n === 0 ? 'https://example.org/resource/1' : '',
      scopeLogs: [
        {
          scope: n === 0 ? { name: 'lib', version: '1.0', attributes: [kv('sc', text('v'))] } : {},
          logRecords: Array.from({ length: records }, (_, i) => i)
            .filter((i) => i % 2 === n)
            .map(record),
        },
      ],
    })),
  };
}

/** One metric of each kind with `points` points each, exemplars among them. */
export function shopMetrics(points: number, nowNs: bigint, seed = 1): Json {
  const numbers = Array.from({ length: points }, (_, i) => i);
  const at = (i: number): Json => ({
    startTimeUnixNano: `${nowNs - 60_000_000_000n}`,
    timeUnixNano: `${nowNs - BigInt(i) * 1_000_000n}`,
    attributes: i % 3 === 0 ? everyAttribute : [kv('key', text(`k${i}`))],
  });
  const exemplars = [
    {
      timeUnixNano: `${nowNs}`,
      asDouble: 3.25,
      traceId: hex(seed, 16),
      spanId: hex(seed, 8),
      filteredAttributes: [kv('user', text('u'))],
    },
  ];
  const number = (i: number): Json => ({
    ...at(i),
    ...(i % 2 === 0 ? { asInt: `${i - 2}` } : { asDouble: i / 3 }),
    ...(i % 4 === 0 ? { exemplars } : {}),
  });
  const histogram = (i: number): Json => ({
    ...at(i),
    ...{ count: '6', sum: 12.5, min: 0.5, max: 9, explicitBounds: [1, 5], exemplars },
    bucketCounts: ['1', `${i}`, '3'],
  });
  const exponential = (i: number): Json => ({
    ...at(i),
    ...{ count: '5', sum: -1.5, scale: -2, zeroCount: '1', zeroThreshold: 0.01 },
    positive: { offset: 3, bucketCounts: ['1', '0', `${i}`] },
    negative: { offset: -1, bucketCounts: ['1'] },
  });
  const summary = (i: number): Json => ({
    ...at(i),
    ...{ count: '9', sum: 4.5, quantileValues: [{ quantile: 0.5, value: 1.5 }, { quantile: 1 }] },
  });
  const metric = (name: string, data: Json): Json => ({
    ...{ name, description: `about ${name}`, unit: '{order}' },
    ...data,
  });
  const metrics = [
    metric('orders.open', { gauge: { dataPoints: numbers.map(number) } }),
    metric('orders.paid', {
      sum: { dataPoints: numbers.map(number), aggregationTemporality: 2, isMonotonic: true },
    }),
    metric('latency', {
      histogram: { dataPoints: numbers.map(histogram), aggregationTemporality: 1 },
    }),
    metric('size', {
      exponentialHistogram: { dataPoints: numbers.map(exponential), aggregationTemporality: 2 },
    }),
    metric('quantiles', { summary: { dataPoints: numbers.map(summary) } }),
  ];
  const scope = { name: 'meter', version: '2', attributes: [kv('sc', text('v'))] };
  return {
    resourceMetrics: [0, 1].map((n) => ({
      resource: { attributes: host(n) },
      scopeMetrics: [{ scope: n === 0 ? scope : {}, metrics, schemaUrl: 'https://example.org/1' }],
    })),
  };
}
