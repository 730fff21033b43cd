// The program's own metrics sent by OTLP, over HTTP and gRPC, as service::telemetry asks.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readConfig } from '../gateway/load.ts';
import { startProgram } from '../gateway/run.ts';
import { freePorts } from '../testing/ports.ts';
import { until } from '../testing/until.ts';
import { startInside } from './drop-in/lib/run.ts';
import { type Json, OtlpSink } from './drop-in/lib/sink.ts';

interface Sum {
  readonly aggregationTemporality: number;
  readonly isMonotonic?: boolean;
  readonly dataPoints: readonly {
    readonly asInt?: string;
    readonly asDouble?: number;
    readonly attributes?: readonly { key: string; value: { stringValue: string } }[];
  }[];
}

interface Metric {
  readonly name: string;
  readonly unit?: string;
  readonly sum?: Sum;
  readonly gauge?: Omit<Sum, 'aggregationTemporality'>;
  readonly histogram?: { readonly dataPoints: readonly Json[] };
}

interface Request {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly { key: string }[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
  }[];
}

function metricsOf(request: Json): ReadonlyMap<string, Metric> {
  const { resourceMetrics } = request as unknown as Request;
  const all = resourceMetrics.flatMap((r) => r.scopeMetrics.flatMap((s) => s.metrics));
  return new Map(all.map((metric) => [metric.name, metric]));
}

/** Sum of a counter's points in each request that has it. */
function told(sink: OtlpSink, name: string): number[] {
  return sink.received.metrics.flatMap((request) => {
    const points = metricsOf(request).get(name)?.sum?.dataPoints;
    return points === undefined ? [] : [points.reduce((sum, p) => sum + Number(p.asInt ?? 0), 0)];
  });
}

const span = { traceId: '0102030405060708090a0b0c0d0e0f10', spanId: '0102030405060708', name: 'a' };

async function send(port: number, spans: number): Promise<void> {
  const body = JSON.stringify({
    resourceSpans: [{ scopeSpans: [{ spans: new Array(spans).fill(span) }] }],
  });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`http://127.0.0.1:${port}/v1/traces`, {
    method: 'POST',
    headers,
    body,
  });
  assert.equal(response.status, 200);
}

function config(port: number, reader: string): string {
  return `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}}
processors: {batch: {send_batch_size: 1}}
exporters: {nop: {}}
service:
  telemetry: {metrics: {level: detailed, readers: [{periodic: ${reader}}]}}
  pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [nop]}}
`;
}

for (const temporality of ['cumulative', 'delta']) {
  test(`${temporality} metrics over HTTP`, async (t) => {
    const sink = new OtlpSink();
    const url = await sink.start();
    t.after(() => sink.stop());
    const [port] = (await freePorts(1)) as [number];
    const otlp = `{protocol: http/protobuf, endpoint: "${url}", temporality_preference: ${temporality}}`;
    const reader = `{interval: 100, exporter: {otlp: ${otlp}}}`;
    const program = await startInside(config(port, reader), {});
    const name = 'otelcol_receiver_accepted_spans';
    try {
      await send(port, 3);
      await until(() => told(sink, name).includes(3));
      await send(port, 2);
    } finally {
      await program.stop();
    }
    const values = told(sink, name);
    if (temporality === 'delta')
      assert.equal(
        values.reduce((a, b) => a + b, 0),
        5,
      );
    else assert.equal(values.at(-1), 5, 'the last export is at the end');
    // Of deltas an export tells only those that there are.
    const exports = sink.received.metrics.map((one) => metricsOf(one));
    const last = exports.at(-1)!;
    const counter = exports.findLast((one) => one.has(name))!.get(name)!;
    assert.equal(counter.unit, '{span}');
    assert.equal(counter.sum!.isMonotonic, true);
    assert.equal(counter.sum!.aggregationTemporality, temporality === 'delta' ? 1 : 2);
    assert.deepEqual(counter.sum!.dataPoints[0]!.attributes, [
      { key: 'receiver', value: { stringValue: 'otlp' } },
      { key: 'transport', value: { stringValue: 'http' } },
    ]);
    assert.ok((last.get('otelcol_process_memory_rss')?.gauge?.dataPoints.length ?? 0) > 0);
    const batchSize = 'otelcol_processor_batch_batch_send_size';
    assert.ok(exports.some((one) => one.get(batchSize)?.histogram !== undefined));
    const { resourceMetrics } = sink.received.metrics[0]! as unknown as Request;
    const keys = resourceMetrics[0]!.resource.attributes.map(({ key }) => key).sort();
    assert.deepEqual(keys, ['service.instance.id', 'service.name', 'service.version']);
  });
}

test('metrics over gRPC', async (t) => {
  const sink = new OtlpSink();
  const url = await sink.start();
  t.after(() => sink.stop());
  const [port, grpc] = (await freePorts(2)) as [number, number];
  const relay = await startInside(
    `
receivers: {otlp: {protocols: {grpc: {endpoint: "127.0.0.1:${grpc}"}}}}
exporters: {otlp_http: {endpoint: "${url}", compression: none}}
service:
  pipelines: {metrics: {receivers: [otlp], exporters: [otlp_http]}}
`,
    {},
  );
  const reader = `{interval: 100, exporter: {otlp: {protocol: grpc, endpoint: "http://127.0.0.1:${grpc}"}}}`;
  const program = await startInside(config(port, reader), {});
  try {
    await send(port, 4);
    await until(() => told(sink, 'otelcol_receiver_accepted_spans').includes(4));
  } finally {
    await program.stop();
    await relay.stop();
  }
  assert.equal(told(sink, 'otelcol_receiver_accepted_spans').at(-1), 4);
});

interface OwnSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly status?: { readonly code?: number };
  readonly attributes?: readonly { key: string; value: Json }[];
}

function spansOf(sink: OtlpSink): OwnSpan[] {
  const requests = sink.received.traces as unknown as readonly {
    resourceSpans: readonly { scopeSpans: readonly { spans: readonly OwnSpan[] }[] }[];
  }[];
  return requests.flatMap((r) =>
    r.resourceSpans.flatMap((g) => g.scopeSpans.flatMap((s) => s.spans)),
  );
}

test('own traces: request, receipt, export; below the span of the sender', async (t) => {
  const sink = new OtlpSink();
  const url = await sink.start();
  t.after(() => sink.stop());
  const [http] = (await freePorts(1)) as [number];
  const otlp = `{protocol: http/protobuf, endpoint: "${url}"}`;
  const yaml = `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${http}"}}}}
exporters:
  otlp_http/down:
    endpoint: http://127.0.0.1:1
    sending_queue: {enabled: false}
    retry_on_failure: {enabled: false}
service:
  telemetry:
    metrics: {level: none}
    traces:
      level: detailed
      propagators: [tracecontext, b3]
      processors: [{batch: {schedule_delay: 50, exporter: {otlp: ${otlp}}}}]
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_http/down]}
`;
  const program = await startInside(yaml, {});
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
  const parent = { trace: 'a'.repeat(32), span: 'b'.repeat(16) };
  const ask = (headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${http}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  try {
    await ask({ traceparent: `00-${parent.trace}-${parent.span}-01` });
    await ask({ b3: `${'c'.repeat(32)}-${'d'.repeat(16)}-1` });
    await ask({ traceparent: `00-${'e'.repeat(32)}-${parent.span}-00` });
    await until(() => spansOf(sink).length >= 6);
  } finally {
    await program.stop();
  }
  const all = spansOf(sink);
  const of = (traceId: string): OwnSpan[] => all.filter((one) => one.traceId === traceId);
  const server = of(parent.trace).find(({ name }) => name === 'POST /v1/traces')!;
  assert.equal(server.parentSpanId, parent.span);
  assert.equal(server.kind, 2);
  const received = of(parent.trace).find(({ name }) => name === 'receiver/otlp/TraceDataReceived')!;
  assert.equal(received.parentSpanId, server.spanId);
  assert.equal(received.status?.code, 2, 'the backend is down');
  const refused = received.attributes?.find(({ key }) => key === 'refused_spans');
  assert.deepEqual(refused?.value, { intValue: '1' });
  assert.equal(of('c'.repeat(32)).length, 2, 'B3 counts, too');
  assert.equal(of('e'.repeat(32)).length, 0, 'the sender does not record its own');
  const exports = all.filter(({ name }) => name === 'exporter/otlp_http/down/traces');
  assert.equal(exports.length, 3);
  assert.equal(exports[0]!.status?.code, 2);
});

interface OwnRecord {
  readonly severityText: string;
  readonly body: { readonly stringValue: string };
  readonly attributes?: readonly { key: string; value: Json }[];
}

interface LogRequest {
  readonly resourceLogs: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: Json }[] };
    readonly scopeLogs: readonly {
      readonly scope: { readonly attributes?: readonly { key: string; value: Json }[] };
      readonly logRecords: readonly OwnRecord[];
    }[];
  }[];
}

for (const kind of ['batch', 'simple']) {
  test(`the own log by OTLP, ${kind}: entries, components, the last line`, async (t) => {
    const sink = new OtlpSink();
    const url = await sink.start();
    t.after(() => sink.stop());
    const [http] = (await freePorts(1)) as [number];
    const otlp = `{protocol: http/protobuf, endpoint: "${url}"}`;
    const yaml = `
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${http}"}}}}
exporters: {otlp_http/down: {endpoint: "http://127.0.0.1:1", retry_on_failure: {enabled: false}}}
service:
  telemetry:
    metrics: {level: none}
    resource: {attributes: [{name: shard, value: 7}]}
    logs: {processors: [{${kind}: {exporter: {otlp: ${otlp}}}}], output_paths: [/dev/null]}
  pipelines: {traces: {receivers: [otlp], exporters: [otlp_http/down]}}
`;
    const program = await startProgram(await readConfig([`yaml:${yaml}`], {}));
    const told = (): LogRequest['resourceLogs'] =>
      (sink.received.logs as unknown as LogRequest[]).flatMap((one) => one.resourceLogs);
    const failed = () =>
      told()
        .flatMap((group) => group.scopeLogs)
        .find(({ logRecords }) => logRecords.some(({ severityText }) => severityText === 'error'));
    try {
      await send(http, 1);
      await until(() => failed() !== undefined);
    } finally {
      await program.shutdown('test');
    }
    const scope = failed()?.scope.attributes?.map(({ key, value }) => [key, value.stringValue]);
    assert.deepEqual(scope, [
      ['otelcol.component.id', 'otlp_http/down'],
      ['otelcol.component.kind', 'exporter'],
      ['otelcol.signal', 'traces'],
    ]);
    const fields = failed()?.logRecords[0]?.attributes ?? [];
    assert.deepEqual(fields.find(({ key }) => key === 'dropped_items')?.value, { intValue: '1' });
    assert.ok(fields.some(({ key }) => key === 'exception.message'));
    const shard = told()[0]!.resource.attributes.find(({ key }) => key === 'shard');
    assert.deepEqual(shard?.value, { intValue: '7' });
    const texts = told().flatMap((group) =>
      group.scopeLogs.flatMap(({ logRecords }) => logRecords.map(({ body }) => body.stringValue)),
    );
    assert.ok(texts.includes('Everything is ready. Begin running and processing data.'));
    assert.ok(texts.includes('Shutdown complete.'));
  });
}
