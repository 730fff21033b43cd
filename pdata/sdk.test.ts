import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { parseJson, toJson } from './json.ts';
import { parseRequest } from './parse.ts';
import type { Signal } from './signal.ts';

/*
 * Requests by the encoders of OpenTelemetry JS, which share nothing with this code: what they write
 * as protobuf and what they write as JSON must read as the same batch.
 */

const resource = resourceFromAttributes({ 'service.name': 'sdk', n: 5, list: ['a', 'b'] });

/** Without fields that hold a default, which one of the two forms leaves out. */
function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, tidy(inner)] as const);
  return Object.fromEntries(
    entries.filter(
      ([key, inner]) =>
        /Value$|^as/.test(key) ||
        !(
          inner === 0 ||
          inner === '' ||
          inner === '0' ||
          inner === false ||
          (Array.isArray(inner) && inner.length === 0)
        ),
    ),
  );
}

function compare(signal: Signal, protobuf: Uint8Array, json: Uint8Array, items: number): void {
  const a = parseRequest(signal, protobuf);
  const b = parseJson(signal, json);
  assert.equal(a.itemCount, items);
  assert.equal(b.itemCount, items);
  assert.deepEqual(tidy(JSON.parse(toJson(a))), tidy(JSON.parse(toJson(b))));
  assert.deepEqual(
    tidy(JSON.parse(toJson(b))),
    tidy(JSON.parse(Buffer.from(json).toString('utf8'), exact)),
  );
}

/** Numbers of 64-bit fields as the texts that our JSON has. */
function exact(key: string, value: unknown): unknown {
  const long = /(Nano|^intValue|^asInt|^count|^zeroCount)$/.test(key);
  if (long && typeof value === 'number') return String(value);
  if (key === 'bucketCounts') return (value as unknown[]).map(String);
  return value;
}

describe('requests of OpenTelemetry JS', () => {
  it('reads spans', async () => {
    const exporter = new InMemorySpanExporter();
    const provider = new BasicTracerProvider({
      resource,
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    });
    const tracer = provider.getTracer('lib', '1.2.3', { schemaUrl: 'https://schema' });
    for (let i = 0; i < 5; i += 1) {
      const span = tracer.startSpan(`größe ${i}`, {
        kind: SpanKind.CLIENT,
        attributes: { s: 'text', i, d: i + 0.5, b: true, list: [1, 2, 3], big: 2 ** 53, neg: -1 },
      });
      span.addEvent('event', { k: 'v' });
      span.addLink({ context: { ...span.spanContext(), traceFlags: 1 }, attributes: { l: 1 } });
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'bad' });
      span.end();
    }
    const spans = exporter.getFinishedSpans();
    compare(
      'traces',
      ProtobufTraceSerializer.serializeRequest(spans)!,
      JsonTraceSerializer.serializeRequest(spans)!,
      5,
    );
    await provider.shutdown();
  });

  it('reads logs', async () => {
    const exporter = new InMemoryLogRecordExporter();
    const provider = new LoggerProvider({
      resource,
      processors: [new SimpleLogRecordProcessor({ exporter })],
    });
    const logger = provider.getLogger('lib', '1');
    logger.emit({
      body: { nested: ['a', 1, { b: null }] },
      severityNumber: 9,
      severityText: 'INFO',
      attributes: { bytes: new Uint8Array([1, 2, 3]), x: 1 },
      eventName: 'event',
    });
    logger.emit({ body: 'text' });
    const records = exporter.getFinishedLogRecords();
    compare(
      'logs',
      ProtobufLogsSerializer.serializeRequest(records)!,
      JsonLogsSerializer.serializeRequest(records)!,
      2,
    );
    await provider.shutdown();
  });

  it('reads metrics', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({
      resource,
      readers: [reader],
      views: [
        {
          instrumentName: 'exponential',
          aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
        },
      ],
    });
    const meter = provider.getMeter('lib');
    meter.createCounter('counter', { unit: 'By', description: 'text' }).add(5, { a: 'b' });
    meter.createUpDownCounter('updown').add(-2.5);
    meter.createGauge('gauge').record(7);
    for (const value of [1, 20, 300]) {
      meter.createHistogram('histogram').record(value, { k: 1 });
      meter.createHistogram('exponential').record(value);
    }
    await reader.forceFlush();
    const [metrics] = exporter.getMetrics();
    assert.ok(metrics);
    compare(
      'metrics',
      ProtobufMetricsSerializer.serializeRequest(metrics)!,
      JsonMetricsSerializer.serializeRequest(metrics)!,
      5,
    );
    await provider.shutdown();
  });
});
