import assert from 'node:assert/strict';
import { test } from 'node:test';
import { background } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Signal } from '../../component/signals.ts';
import { FaultLog } from '../../ottl/sequence.ts';
import type { Batch } from '../../pdata/batch.ts';
import { parseJson, toJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { randomRequest } from '../../pdata/testing/random-request.ts';
import { testSettings } from '../../testing/settings.ts';
import { collectingSink } from '../../testing/sinks.ts';
import { numberedSpans } from '../../testing/spans.ts';
import { config } from './config.ts';
import { compileGroup, groupsOf } from './groups.ts';
import { factory } from './index.ts';
import { itemPass, type Transformed } from './passes.ts';
import { groupRunner } from './run-group.ts';
import { transformer } from './transformer.ts';

const environment = {
  clock: { unixMs: () => 0 },
  random: { bytes: (length: number) => new Uint8Array(length) },
};

async function run<S extends Signal>(signal: S, options: object, batch: Batch<S>) {
  const sink = collectingSink<S>();
  const settings = testSettings();
  const processor = factory.create(signal, settings, config.parse(options), sink);
  const given = processor.mutates ? (batch as Batch<Transformed>).editable() : batch;
  await processor.consume(given as Batch<S>, background);
  return { out: sink.batches[0] as Batch<S>, settings };
}

function metrics(...list: object[]): Batch<'metrics'> {
  const request = {
    resourceMetrics: [{ resource: {}, scopeMetrics: [{ scope: {}, metrics: list }] }],
  };
  return parseJson('metrics', new TextEncoder().encode(JSON.stringify(request)));
}

interface MetricJson {
  name: string;
  sum?: { isMonotonic?: boolean; dataPoints: Record<string, unknown>[] };
  gauge?: { dataPoints: Record<string, unknown>[] };
}

function metricsOf(batch: Batch<'metrics'>): MetricJson[] {
  const json = JSON.parse(toJson(batch)) as {
    resourceMetrics: { scopeMetrics: { metrics: MetricJson[] }[] }[];
  };
  return json.resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((s) => s.metrics));
}

const local: Readonly<Record<'traces' | 'logs', readonly string[]>> = {
  traces: [
    'set(span.name, Concat([span.name, "!"], "")) where span.kind != SPAN_KIND_SERVER',
    'set(span.attributes["new"], resource.attributes["service.name"])',
    'delete_key(span.attributes, "k1")',
    'set(span.attributes["http.method"], span.attributes["a"]) where span.attributes["a"] != nil',
    'keep_matching_keys(span.attributes, "^[a-s]")',
    'set(span.status.message, "done") where span.status.code == 0',
    'truncate_all(span.attributes, 3)',
    'set(span.trace_state["x"], "y")',
    'replace_all_patterns(span.attributes, "value", "e", "E")',
  ],
  logs: [
    'set(log.body, "text") where IsMap(log.body)',
    'set(log.attributes["was"], log.body)',
    'set(log.severity_number, SEVERITY_NUMBER_ERROR) where log.severity_number < 10',
    'delete_matching_keys(log.attributes, "a")',
    'set(log.attributes["new"]["deep"][0], 1)',
    'merge_maps(log.attributes, resource.attributes, "insert")',
    'limit(log.attributes, 3, ["was"])',
  ],
};

test('items rewritten in the stream are what edits of the whole batch make of them', () => {
  for (const signal of ['traces', 'logs'] as const) {
    const key = signal === 'traces' ? 'trace_statements' : 'log_statements';
    for (let seed = 1; seed < 150; seed += 1) {
      const chosen = local[signal].filter((_, i) => seed % 7 === 0 || (seed >> (i % 5)) % 2 === 1);
      if (chosen.length === 0) continue;
      const decoded = config.parse({ [key]: chosen });
      const shape = { unknown: seed % 2 === 0, wild: seed % 3 === 0 };
      const bytes = randomRequest(signal, seed, shape);
      const [group] = groupsOf(signal, decoded).map((one) =>
        compileGroup(signal, one, decoded.error_mode, environment),
      );
      const { transform, edits } = transformer(signal, [group!], new FaultLog());
      assert.equal(edits, false);
      const { client } = background;
      const streamed = transform(parseRequest(signal, bytes) as Batch<Transformed>, client);
      const edited = (parseRequest(signal, bytes) as Batch<Transformed>).editable();
      itemPass(edited, groupRunner(group!, new FaultLog()), client);
      const again = parseRequest(signal, Buffer.concat(streamed.ranges()));
      // Edited groups have a resource and a scope, if only empty ones.
      const comparable = (batch: Batch<Transformed>) =>
        toJson(batch).replaceAll(/"(resource|scope)":\{\},?/g, '');
      assert.equal(comparable(again) === comparable(edited.plain()), true, `${signal} ${seed}`);
    }
  }
});

test('tags of more bytes than they need', async () => {
  const field = (tag: readonly number[], body: readonly number[]) => [...tag, body.length, ...body];
  const event = field([0xda, 0x00], field([0x92, 0x00], [97]));
  const span = field([0x92, 0x00], [...event, ...field([0xaa, 0x00], [65])]);
  const bytes = Uint8Array.from(field([0x8a, 0x00], field([0x92, 0x00], span)));
  for (const statements of [
    ['set(span.name, "longer")', 'set(span.attributes["a"], 1)'],
    [
      'set(resource.attributes["b"], 1)',
      'set(span.name, "longer")',
      'set(span.attributes["a"], 1)',
    ],
    ['set(spanevent.name, "longer")', 'set(spanevent.attributes["a"], 1)'],
  ]) {
    const { out } = await run(
      'traces',
      { trace_statements: statements },
      parseRequest('traces', bytes),
    );
    const json = toJson(
      parseRequest('traces', Buffer.concat((out as Batch<'traces'>).plain().ranges())),
    );
    assert.match(json, /"name":"longer"/);
    assert.match(json, /"attributes":\[\{"key":"a"/);
    assert.equal([...json.matchAll(/"name"/g)].length, 2);
  }
});

test('a batch in which nothing is written is handed on as it is', async () => {
  const batch = numberedSpans([1, 2, 3]);
  const { out } = await run(
    'traces',
    { trace_statements: ['set(span.name, "x") where false'] },
    batch,
  );
  assert.equal(out, batch);
});

test('propagate refuses the batch for now, ignore goes on and says so once', async () => {
  const statements = [
    'set(span.attributes["a"], Substring(span.name, 0, 1000))',
    'set(span.attributes["b"], "kept")',
  ];
  const failing = run(
    'traces',
    { error_mode: 'propagate', trace_statements: statements },
    numberedSpans([1]),
  );
  await assert.rejects(failing, (error) => {
    assert.ok(error instanceof PipelineError);
    assert.equal(error.retryable, true);
    assert.match(error.message, /Substring|substring/);
    return true;
  });
  const { out, settings } = await run(
    'traces',
    { trace_statements: statements },
    numberedSpans([1, 2, 3]),
  );
  assert.equal([...toJson(out).matchAll(/"kept"/g)].length, 3);
  const warnings = settings.logger.lines.filter(({ level }) => level === 'warn');
  assert.equal(warnings.length, 1);
  assert.equal(warnings[0]!.fields.count, 3);
  const silent = await run(
    'traces',
    { error_mode: 'silent', trace_statements: statements },
    numberedSpans([1]),
  );
  assert.equal(silent.settings.logger.lines.length, 0);
});

test('groups run in their order, each on its context', async () => {
  const { out } = await run(
    'traces',
    {
      trace_statements: [
        { context: 'resource', statements: ['set(attributes["step"], "one")'] },
        {
          context: 'span',
          conditions: ['IsMatch(name, "2")'],
          statements: ['set(name, resource.attributes["step"])'],
        },
        { context: 'scope', statements: ['set(name, resource.attributes["step"])'] },
        { context: 'span', statements: ['set(resource.attributes["last"], name)'] },
      ],
    },
    numberedSpans([1, 2, 3]),
  );
  const json = toJson(out);
  assert.deepEqual(
    [...json.matchAll(/"name":"([^"]*)"/g)].map(([, name]) => name),
    ['one', 'span 1', 'one', 'span 3'],
  );
  assert.match(json, /"last","value":\{"stringValue":"span 3"\}/);
});

test('metrics made of metrics are seen by the statements after them', async () => {
  const point = (value: number) => ({ asInt: `${value}`, timeUnixNano: '1' });
  const batch = metrics(
    {
      name: 'a',
      sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point(1), point(2)] },
    },
    { name: 'b', gauge: { dataPoints: [point(3)] } },
  );
  const { out } = await run(
    'metrics',
    {
      metric_statements: [
        {
          context: 'metric',
          statements: [
            'copy_metric("copy") where name == "a"',
            'convert_sum_to_gauge() where name == "copy"',
            'scale_metric(10.0) where name == "b"',
            'set(description, "seen") where name == "copy"',
          ],
        },
        { context: 'datapoint', statements: ['set(attributes["kind"], metric.name)'] },
      ],
    },
    batch,
  );
  const all = metricsOf(out);
  assert.deepEqual(
    all.map(({ name }) => name),
    ['a', 'b', 'copy'],
  );
  assert.ok(all[0]!.sum?.isMonotonic);
  assert.equal(all[1]!.gauge!.dataPoints[0]!.asInt, '30');
  assert.equal(all[2]!.gauge!.dataPoints.length, 2);
  assert.match(JSON.stringify(all[2]), /"description":"seen"/);
  assert.match(JSON.stringify(all[2]!.gauge), /"stringValue":"copy"/);
});

test('configurations that cannot be are refused with the reason', () => {
  for (const [options, reason] of [
    [{ error_mode: 'loud' }, /error_mode/],
    [{ trace_statements: ['set(name, "a")'] }, /unable to infer|context/],
    [{ trace_statements: ['set(span.nme, "a")'] }, /nme/],
    [{ trace_statements: ['set(span.name, "a"'] }, /invalid syntax/],
    [{ trace_statements: [{ context: 'log', statements: ['set(body, 1)'] }] }, /unknown context/],
    [{ log_statements: ['convert_sum_to_gauge()'] }, /convert_sum_to_gauge|context/],
    [
      { metric_statements: [{ context: 'metric', statements: ['scale_metric("a")'] }] },
      /scale_metric/,
    ],
    [{ log_statements: [{ context: 'log', conditions: ['body'], statements: [] }] }, /condition/],
    [{ profile_statements: ['set(profile.a, 1)'] }, /profile/],
    [{ statements: [] }, /statements/],
  ] as const) {
    const decoded = config.safeParse(options);
    assert.equal(decoded.success, false, JSON.stringify(options));
    assert.match(JSON.stringify(decoded.error.issues), reason);
  }
});
