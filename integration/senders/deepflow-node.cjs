// deepflow-node.cjs ENCODING URL COUNT SERVICE: spans by OpenTelemetry's SDK and its exporter for OTLP
// over HTTP, `proto` or `http` (JSON); one line of JSON a span with what was said of it.
const [encoding, url, count, service] = process.argv.slice(2);
const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${encoding}`);
const { resourceFromAttributes } = require('@opentelemetry/resources');
const { BasicTracerProvider, BatchSpanProcessor } = require('@opentelemetry/sdk-trace-base');

const exporter = new OTLPTraceExporter({
  url,
  compression: encoding === 'proto' ? 'gzip' : 'none',
});
const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ 'service.name': service }),
  spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: 10_000 })],
});
const tracer = provider.getTracer('lib');
for (let n = 0; n < Number(count); n += 1) {
  const span = tracer.startSpan(`op-${n}`, { kind: 1, attributes: { n, text: `größe ${n}` } });
  span.addEvent(`note ${n}`);
  if (n % 2 === 0) span.setStatus({ code: 2, message: `failed ${n}` });
  span.end();
  process.stdout.write(`${JSON.stringify({ n, ...span.spanContext() })}\n`);
}
provider.shutdown();
