/**
 * Sends spans with the unmodified Node SDK and prints what it sent, one JSON line a span.
 * usage: app.ts grpc|proto|json ENDPOINT
 */
import {
  type Attributes,
  context,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter as Grpc } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as Json } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as Proto } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK, resources, tracing } from '@opentelemetry/sdk-node';

const [protocol = 'grpc', endpoint = ''] = process.argv.slice(2);

type Value = string | number | boolean | readonly Value[];

function value(v: Value): unknown {
  if (typeof v === 'boolean') return { boolValue: v };
  if (typeof v === 'number') return Number.isInteger(v) ? { intValue: `${v}` } : { doubleValue: v };
  if (typeof v === 'string') return { stringValue: v };
  return { arrayValue: { values: v.map(value) } };
}

function attributes(a: Attributes | undefined): Record<string, unknown> {
  return Object.fromEntries(Object.entries(a ?? {}).map(([k, v]) => [k, value(v as Value)]));
}

const ns = ([seconds, nanos]: [number, number]): string =>
  `${BigInt(seconds) * 1_000_000_000n + BigInt(nanos)}`;

const sent: tracing.ReadableSpan[] = [];

const printer: tracing.SpanProcessor = {
  onStart: () => undefined,
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
  onEnd(span) {
    sent.push(span);
  },
};

/** Of a span that has ended, when its resource is known as a whole. */
function print(span: tracing.ReadableSpan): void {
  const { traceId, spanId } = span.spanContext();
  console.log(
    JSON.stringify({
      traceId,
      spanId,
      parentSpanId: span.parentSpanContext?.spanId ?? '',
      name: span.name,
      kind: span.kind + 1,
      start: ns(span.startTime),
      end: ns(span.endTime),
      attributes: attributes(span.attributes),
      events: span.events.map((e) => ({
        time: ns(e.time),
        name: e.name,
        attributes: attributes(e.attributes),
      })),
      links: span.links.map((l) => ({
        traceId: l.context.traceId,
        spanId: l.context.spanId,
        attributes: attributes(l.attributes),
      })),
      statusCode: span.status.code,
      statusMessage: span.status.message ?? '',
      resource: attributes(span.resource.attributes as Attributes),
    }),
  );
}

function exporter(): tracing.SpanExporter {
  if (protocol === 'grpc') return new Grpc({ url: endpoint });
  const url = `${endpoint}/v1/traces`;
  return protocol === 'json' ? new Json({ url }) : new Proto({ url });
}

const sdk = new NodeSDK({
  resource: resources.resourceFromAttributes({
    'service.name': `node-${protocol}`,
    answer: 42,
    share: 0.25,
    tested: true,
    shards: [1, 2],
  }),
  spanProcessors: [printer, new tracing.BatchSpanProcessor(exporter())],
});
sdk.start();
const tracer = trace.getTracer('app', '1.2.3');
const other: SpanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
};
for (let i = 0; i < 5; i += 1) {
  const root = tracer.startSpan(`request ${i}`, {
    kind: SpanKind.SERVER,
    links: [{ context: other, attributes: { why: 'follows' } }],
    attributes: {
      string: 'grüße',
      int: -42,
      float: 0.1,
      bool: true,
      strings: ['a', 'b'],
      mixedNumbers: [1, 2],
      bools: [false, true],
    },
  });
  root.addEvent('started', { attempt: i, ratio: 1.5 });
  context.with(trace.setSpan(context.active(), root), () => {
    const child = tracer.startSpan('call', { kind: SpanKind.CLIENT });
    child.setAttribute('peer', 'db');
    if (i % 2 === 0) child.setStatus({ code: SpanStatusCode.ERROR, message: 'refused' });
    child.end();
  });
  root.setStatus({ code: SpanStatusCode.OK });
  root.end();
}
await sdk.shutdown();
for (const span of sent) print(span);
