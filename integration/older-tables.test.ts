// Tables that the Go collector's exporter made, in each of its layouts: written and read as they
// are.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createHttpClient } from '../storage/http-client.ts';
import { rowsOf, type SqlClient } from '../storage/sql.ts';
import { createOtelReader } from '../storage/traces/otel-reader.ts';
import { freePorts } from '../testing/ports.ts';
import { eventually } from './lib/all-in-one.ts';
import { type Engine, enginePassword, startEngine } from './lib/clickhouse.ts';
import { Program, scratch } from './lib/program.ts';

const folder = scratch();
let engine: Engine;
let client: SqlClient;

before(async () => {
  engine = await startEngine(join(folder.path, 'engine'));
  client = createHttpClient({ url: engine.url, username: 'default', password: enginePassword });
});

after(async () => {
  await client?.close();
  await engine?.stop();
  folder.remove();
});

const map = 'Map(LowCardinality(String), String)';
const low = 'LowCardinality(String)';

/** Columns by their types, one type a line. */
function columns(byType: Readonly<Record<string, string>>): string[] {
  return Object.entries(byType).flatMap(([type, names]) =>
    names.split(' ').map((name) => `${name} ${type}`),
  );
}

const spanColumns = [
  ...columns({
    'DateTime64(9)': 'Timestamp',
    String: 'TraceId SpanId ParentSpanId TraceState ScopeName ScopeVersion StatusMessage',
    [low]: 'SpanName SpanKind ServiceName StatusCode',
    [map]: 'ResourceAttributes SpanAttributes',
    UInt64: 'Duration',
  }),
  `Events Nested (Timestamp DateTime64(9), Name ${low}, Attributes ${map})`,
  `Links Nested (TraceId String, SpanId String, TraceState String, Attributes ${map})`,
];

const logColumns = columns({
  'DateTime64(9)': 'Timestamp',
  String: 'TraceId SpanId Body ScopeName',
  UInt8: 'TraceFlags SeverityNumber',
  [low]: 'SeverityText ServiceName ResourceSchemaUrl ScopeSchemaUrl ScopeVersion',
  [map]: 'ResourceAttributes ScopeAttributes LogAttributes',
});

/** @param time type of the times of points */
function pointColumns(time: string, name: string): Readonly<Record<string, string[]>> {
  const own = [
    ...columns({ [name]: 'MetricName' }),
    ...columns({ [time]: 'StartTimeUnix TimeUnix' }),
  ];
  const common = columns({
    [map]: 'ResourceAttributes ScopeAttributes Attributes',
    String: 'ResourceSchemaUrl ScopeName ScopeVersion ScopeSchemaUrl MetricDescription MetricUnit',
    UInt32: 'ScopeDroppedAttrCount Flags',
    [low]: 'ServiceName',
  });
  const head = [...common, ...own];
  const exemplars = `Exemplars Nested (FilteredAttributes ${map}, TimeUnix ${time}, Value Float64,
    SpanId String, TraceId String)`;
  const value = columns({ Float64: 'Value' });
  const total = columns({ UInt64: 'Count', Float64: 'Sum' });
  const limits = columns({ Float64: 'Min Max', Int32: 'AggregationTemporality' });
  const buckets = columns({ 'Array(UInt64)': 'BucketCounts', 'Array(Float64)': 'ExplicitBounds' });
  const exponential = columns({
    Int32: 'Scale PositiveOffset NegativeOffset',
    UInt64: 'ZeroCount',
    'Array(UInt64)': 'PositiveBucketCounts NegativeBucketCounts',
  });
  return {
    gauge: [...head, ...value, exemplars],
    sum: [
      ...[...head, ...value, exemplars],
      ...columns({ Int32: 'AggregationTemporality', Boolean: 'IsMonotonic' }),
    ],
    histogram: [...head, ...total, ...buckets, exemplars, ...limits],
    exp_histogram: [...head, ...total, ...exponential, exemplars, ...limits],
    summary: [...head, ...total, 'ValueAtQuantiles Nested (Quantile Float64, Value Float64)'],
  };
}

interface Layout {
  readonly traces: string;
  readonly lookup: string;
  readonly logs: string;
  readonly points: Readonly<Record<string, string>>;
}

const table = (list: readonly string[], rest: string): string =>
  `(${list.join(', ')}) ENGINE = MergeTree ${rest}`;

function points(time: string, name: string, order: string): Layout['points'] {
  const layout = Object.entries(pointColumns(time, name)).map(([kind, list]) => [
    kind,
    table(list, `PARTITION BY toDate(TimeUnix) ORDER BY ${order}`),
  ]);
  return Object.fromEntries(layout);
}

const spansOrder = 'ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))';
const lookupColumns = ['TraceId String', 'Start DateTime', 'End DateTime'];
const items = (source: string): string =>
  `arrayMap(kv -> concat(kv.1, '=', kv.2), CAST(${source}, 'Array(Tuple(String, String))'))`;

/** With time of a log in seconds beside it, points to the nanosecond, no names of events. */
const classic: Layout = {
  traces: table(spanColumns, `PARTITION BY toDate(Timestamp) ${spansOrder}`),
  lookup: table(lookupColumns, 'PARTITION BY toDate(Start) ORDER BY (TraceId, Start)'),
  logs: table(
    [...logColumns, 'TimestampTime DateTime DEFAULT toDateTime(Timestamp)'],
    'PARTITION BY toDate(TimestampTime) ORDER BY (ServiceName, TimestampTime, Timestamp)',
  ),
  points: points(
    'DateTime64(9)',
    'String',
    '(ServiceName, MetricName, Attributes, toUnixTimestamp64Nano(TimeUnix))',
  ),
};

/** With names of events, columns out of resource attributes, points to the second. */
const v0161: Layout = {
  traces: classic.traces,
  lookup: classic.lookup,
  logs: table(
    [
      ...logColumns,
      'EventName String',
      `\`__otel_materialized_k8s.pod.name\` ${low} MATERIALIZED ResourceAttributes['k8s.pod.name']`,
    ],
    'PARTITION BY toDate(Timestamp) ORDER BY (toStartOfFiveMinutes(Timestamp), ServiceName, Timestamp)',
  ),
  points: points(
    'DateTime',
    low,
    '(ServiceName, MetricName, toStartOfHour(TimeUnix), cityHash64(Attributes), TimeUnix)',
  ),
};

/** With aliases over the attributes, and the look-up of traces merged by week. */
const main2026: Layout = {
  traces: table(
    [
      ...spanColumns,
      `ResourceAttributeItems Array(String) ALIAS ${items('ResourceAttributes')}`,
      `SpanAttributeItems Array(String) ALIAS ${items('SpanAttributes')}`,
      "INDEX idx_trace_id TraceId TYPE text(tokenizer = 'array')",
      "INDEX idx_span_attr_items SpanAttributeItems TYPE text(tokenizer = 'array')",
    ],
    `PARTITION BY toDate(Timestamp) ${spansOrder}`,
  ),
  lookup: `(TraceId String, Start SimpleAggregateFunction(min, DateTime),
    End SimpleAggregateFunction(max, DateTime)) ENGINE = AggregatingMergeTree
    PARTITION BY toStartOfWeek(Start) ORDER BY TraceId`,
  logs: v0161.logs,
  points: v0161.points,
};

async function makeTables(database: string, layout: Layout): Promise<void> {
  const make = (name: string, text: string): Promise<string> =>
    engine.query(`CREATE TABLE ${database}.${name} ${text}`);
  await engine.query(`CREATE DATABASE ${database}`);
  await make('otel_traces', layout.traces);
  await make('otel_traces_trace_id_ts', layout.lookup);
  await engine.query(`CREATE MATERIALIZED VIEW ${database}.otel_traces_trace_id_ts_mv
    TO ${database}.otel_traces_trace_id_ts AS SELECT TraceId, min(Timestamp) AS Start,
    max(Timestamp) AS End FROM ${database}.otel_traces WHERE TraceId != '' GROUP BY TraceId`);
  await make('otel_logs', layout.logs);
  for (const [kind, text] of Object.entries(layout.points)) {
    await make(`otel_metrics_${kind}`, text);
  }
}

async function start(database: string): Promise<{ program: Program; url: string }> {
  const [http = 0, own = 0] = await freePorts(2);
  const config = `receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${http}"}}}
exporters:
  clickhouse:
    endpoint: "${engine.url}"
    username: default
    password: ${enginePassword}
    database: ${database}
    schema: otel
    sending_queue: {batch: {flush_timeout: 100ms}}
service:
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${own}}}}}]}
  pipelines:
    traces: {receivers: [otlp], exporters: [clickhouse]}
    logs: {receivers: [otlp], exporters: [clickhouse]}
    metrics: {receivers: [otlp], exporters: [clickhouse]}
`;
  const program = await Program.startWith(config, folder.path, { metricsPort: own });
  return { program, url: `http://127.0.0.1:${http}/v1` };
}

const startNs = BigInt(Date.now() - 60_000) * 1_000_000n + 123_456_789n;
const time = String(startNs);
const traceId = '0af7651916cd43dd8448eb211c80319c';
const text = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const resource = { attributes: [text('service.name', 'shop'), text('k8s.pod.name', 'pod-1')] };
const scope = { name: 'lib', version: '2', attributes: [text('in.scope', 'yes')] };
const at = { startTimeUnixNano: time, timeUnixNano: time };

const spans = [
  {
    ...{ traceId, spanId: 'b7ad6b7169203331', name: 'GET /', kind: 2, traceState: 'a=b' },
    ...{ startTimeUnixNano: time, endTimeUnixNano: String(startNs + 5_000n) },
    attributes: [text('http.route', '/'), { key: 'n', value: { intValue: '7' } }],
    events: [{ timeUnixNano: time, name: 'cache miss', attributes: [text('key', 'k1')] }],
    links: [{ traceId, spanId: '00f067aa0ba902b7', attributes: [text('why', 'retry')] }],
    status: { code: 2, message: 'no' },
  },
];
const records = [
  {
    ...{ timeUnixNano: time, severityNumber: 9, severityText: 'INFO', eventName: 'order.placed' },
    ...{ body: { stringValue: 'hello' }, attributes: [text('a', 'b')], traceId },
  },
];
const exemplars = [{ timeUnixNano: time, asDouble: 1.5, traceId, spanId: 'b7ad6b7169203331' }];
const metrics = [
  { name: 'g', gauge: { dataPoints: [{ ...at, asDouble: 1.5, exemplars }] } },
  {
    name: 's',
    sum: {
      ...{ aggregationTemporality: 2, isMonotonic: true },
      dataPoints: [{ ...at, asInt: '7' }],
    },
  },
  {
    name: 'h',
    histogram: {
      aggregationTemporality: 2,
      dataPoints: [
        {
          ...at,
          count: '3',
          sum: 6,
          bucketCounts: ['1', '2'],
          explicitBounds: [2],
          min: 1,
          max: 3,
        },
      ],
    },
  },
  {
    name: 'e',
    exponentialHistogram: {
      aggregationTemporality: 1,
      dataPoints: [
        {
          ...{ ...at, count: '3', sum: 6, scale: 2, zeroCount: '1' },
          positive: { offset: 1, bucketCounts: ['2'] },
        },
      ],
    },
  },
  {
    name: 'q',
    summary: {
      dataPoints: [{ ...at, count: '3', sum: 6, quantileValues: [{ quantile: 0.5, value: 2 }] }],
    },
  },
];

async function post(url: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.equal(response.status, 200, await response.text());
}

/** Sends all three signals and waits until they are stored. */
async function fill(database: string): Promise<void> {
  const { program, url } = await start(database);
  try {
    const of = (list: object) => [{ scope, ...list }];
    await post(`${url}/traces`, { resourceSpans: [{ resource, scopeSpans: of({ spans }) }] });
    const logs = of({ logRecords: records });
    await post(`${url}/logs`, { resourceLogs: [{ resource, scopeLogs: logs }] });
    await post(`${url}/metrics`, {
      resourceMetrics: [{ resource, scopeMetrics: of({ metrics }) }],
    });
    await eventually('all is stored', async () => {
      const sent = ['spans', 'log_records', 'metric_points'].map((name) =>
        program.metric(`otelcol_exporter_sent_${name}`),
      );
      return (await Promise.all(sent)).join(' ') === '1 1 5';
    });
    assert.deepEqual(await program.unbalanced(), []);
  } finally {
    await program.stop();
  }
}

async function row(sql: string): Promise<unknown> {
  return (await rowsOf(client, sql))[0];
}

async function checkTraces(database: string): Promise<void> {
  const reader = createOtelReader({ client, database, now: Date.now });
  assert.deepEqual(await reader.services(), ['shop']);
  const window = { startMinNs: startNs - 1_000n, startMaxNs: startNs + 1_000n, limit: 5 };
  const tags = [['http.route', '/']] as const;
  const { traces } = await reader.findTraces({ ...window, service: 'shop', tags });
  assert.deepEqual(
    traces.map((found) => found.traceId),
    [traceId],
  );
  const [trace] = await reader.getTraces([traceId]);
  const [span] = trace!.spans;
  const value = (string: string) => ({ type: 'string', value: string });
  assert.equal(span!.spanId, 'b7ad6b7169203331');
  assert.deepEqual([span!.name, span!.kind, span!.traceState], ['GET /', 2, 'a=b']);
  assert.deepEqual([span!.startUnixNano, span!.endUnixNano], [startNs, startNs + 5_000n]);
  assert.deepEqual([span!.statusCode, span!.statusMessage], [2, 'no']);
  assert.deepEqual(span!.attributes, [
    { key: 'http.route', value: value('/') },
    { key: 'n', value: value('7') },
  ]);
  const [event] = span!.events;
  assert.deepEqual([event!.name, event!.timeUnixNano], ['cache miss', startNs]);
  assert.deepEqual(event!.attributes, [{ key: 'key', value: value('k1') }]);
  assert.equal(span!.links[0]!.spanId, '00f067aa0ba902b7');
  const lookup = `SELECT count() AS n FROM ${database}.otel_traces_trace_id_ts`;
  assert.deepEqual(await row(lookup), { n: '1' });
}

/** @param digits of the fraction of a second that times of points keep */
async function checkRows(database: string, digits: number, event: object): Promise<void> {
  const more = Object.keys(event).map((name) => `, ${name}`);
  const log = `SELECT Body, SeverityText, LogAttributes['a'] AS a, ScopeAttributes['in.scope'] AS s,
    toString(toUnixTimestamp64Nano(Timestamp)) AS t${more.join('')} FROM ${database}.otel_logs`;
  const wanted = { Body: 'hello', SeverityText: 'INFO', a: 'b', s: 'yes', t: time, ...event };
  assert.deepEqual(await row(log), wanted);
  const kept = digits === 9 ? startNs : startNs - (startNs % 1_000_000_000n);
  const ns = (column: string): string =>
    `toString(toUnixTimestamp64Nano(toDateTime64(${column}, 9)))`;
  const values: Readonly<Record<string, string>> = {
    gauge: `toString(Value) AS v, ${ns('Exemplars.TimeUnix[1]')} AS x`,
    sum: 'toString(Value) AS v, toString(IsMonotonic) AS x',
    histogram: 'toString(BucketCounts) AS v, toString(Max) AS x',
    exp_histogram: 'toString(PositiveBucketCounts) AS v, toString(Scale) AS x',
    summary: 'toString(ValueAtQuantiles.Value) AS v, toString(Count) AS x',
  };
  const found: unknown[] = [];
  for (const [kind, list] of Object.entries(values)) {
    const sql = `SELECT MetricName AS m, ${ns('TimeUnix')} AS t, ScopeAttributes['in.scope'] AS s,
      ${list} FROM ${database}.otel_metrics_${kind}`;
    found.push(await row(sql));
  }
  const rest = { t: String(kept), s: 'yes' };
  assert.deepEqual(found, [
    { m: 'g', ...rest, v: '1.5', x: String(kept) },
    { m: 's', ...rest, v: '7', x: 'true' },
    { m: 'h', ...rest, v: '[1,2]', x: '3' },
    { m: 'e', ...rest, v: '[2]', x: '2' },
    { m: 'q', ...rest, v: '[2]', x: '3' },
  ]);
}

test('tables of releases before 2026', async () => {
  await makeTables('classic', classic);
  await fill('classic');
  await checkTraces('classic');
  const seconds = 'toString(toUnixTimestamp(TimestampTime)) AS seconds';
  await checkRows('classic', 9, {});
  assert.deepEqual(await row(`SELECT ${seconds} FROM classic.otel_logs`), {
    seconds: String(startNs / 1_000_000_000n),
  });
});

test('tables of version 0.161', async () => {
  await makeTables('v0161', v0161);
  await fill('v0161');
  await checkTraces('v0161');
  await checkRows('v0161', 0, { EventName: 'order.placed' });
  const pod = 'SELECT `__otel_materialized_k8s.pod.name` AS pod FROM v0161.otel_logs';
  assert.deepEqual(await row(pod), { pod: 'pod-1' });
});

test('tables of the main branch of 2026', async () => {
  await makeTables('main2026', main2026);
  await fill('main2026');
  await checkTraces('main2026');
  await checkRows('main2026', 0, { EventName: 'order.placed' });
  const found = "SELECT has(SpanAttributeItems, 'http.route=/') AS has FROM main2026.otel_traces";
  assert.deepEqual(await row(found), { has: 1 });
});

test('tables with attributes as JSON are refused at start, by table and column', async () => {
  const json = (text: string): string => text.replaceAll(map, 'JSON');
  const layout = { ...v0161, points: {} };
  await makeTables('json', { ...layout, traces: json(v0161.traces) });
  await assert.rejects(start('json'), /cannot write to table otel_traces: its column \w+/);
  const [port, http] = await freePorts(2);
  const storage = `{endpoint: "${engine.url}", username: default, password: ${enginePassword},
      database: json, schema: otel}`;
  const reader = `extensions:
  jaeger_query: {endpoint: "127.0.0.1:${port}", storage: ${storage}}
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${http}"}}}}
exporters: {nop: }
service:
  extensions: [jaeger_query]
  telemetry: {metrics: {level: none}}
  pipelines: {traces: {receivers: [otlp], exporters: [nop]}}
`;
  await assert.rejects(
    Program.startWith(reader, folder.path),
    /cannot read traces out of table otel_traces of database "json": its column \w+ is of type JSON/,
  );
});
