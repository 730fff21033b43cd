/**
 * The OpenTelemetry SDK's own exporters against the receiver: gRPC, protobuf and JSON over HTTP.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { tracing } from '@opentelemetry/sdk-node';
import { toJson } from '../pdata/json.ts';
import { type Running, startReceiver } from '../receivers/otlp/testing.ts';

let running: Running;
before(async () => {
  running = await startReceiver();
});
after(() => running.receiver.shutdown());

type Exporter = tracing.SpanExporter;
/** CompressionAlgorithm.GZIP of a package that only comes with the exporters. */
const gzip = 'gzip' as never;
const exporters: Record<string, () => Exporter> = {
  grpc: () => new GrpcExporter({ url: `http://127.0.0.1:${running.grpcPort}` }),
  'grpc gzip': () =>
    new GrpcExporter({ url: `http://127.0.0.1:${running.grpcPort}`, compression: gzip }),
  proto: () => new ProtoExporter({ url: `http://127.0.0.1:${running.httpPort}/v1/traces` }),
  'proto gzip': () =>
    new ProtoExporter({ url: `http://127.0.0.1:${running.httpPort}/v1/traces`, compression: gzip }),
  json: () => new JsonExporter({ url: `http://127.0.0.1:${running.httpPort}/v1/traces` }),
};

for (const [name, make] of Object.entries(exporters)) {
  test(`exporter ${name}`, async () => {
    running.traces.batches.length = 0;
    const provider = new tracing.BasicTracerProvider({
      spanProcessors: [new tracing.BatchSpanProcessor(make())],
    });
    const tracer = provider.getTracer('shop', '1.2.3');
    const ids: string[] = [];
    for (let i = 0; i < 100; i += 1) {
      const span = tracer.startSpan(`GET /items/${i}`, {
        kind: SpanKind.SERVER,
        attributes: { 'http.request.method': 'GET', n: i, big: 2 ** 40, ratio: 0.5, ok: true },
      });
      span.addEvent('cache miss', { key: `item ${i}` });
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'no stock' });
      span.end();
      ids.push(span.spanContext().spanId);
    }
    await provider.forceFlush();
    await provider.shutdown();
    const spans = running.traces.batches.flatMap((batch) =>
      JSON.parse(toJson(batch)).resourceSpans.flatMap((r: { scopeSpans: { spans: unknown[] }[] }) =>
        r.scopeSpans.flatMap((scope) => scope.spans),
      ),
    );
    assert.deepEqual(
      spans.map((span) => span.spanId),
      ids,
    );
    const [first] = spans;
    assert.deepEqual(
      [first.name, first.kind, first.status, first.events.length],
      ['GET /items/0', 2, { message: 'no stock', code: 2 }, 1],
    );
    assert.deepEqual(first.attributes, [
      { key: 'http.request.method', value: { stringValue: 'GET' } },
      { key: 'n', value: { intValue: '0' } },
      { key: 'big', value: { intValue: '1099511627776' } },
      { key: 'ratio', value: { doubleValue: 0.5 } },
      { key: 'ok', value: { boolValue: true } },
    ]);
    assert.equal(running.settings.budget.used, 0);
  });
}
