// zipkin-node.cjs CLIENT URL COUNT: spans of clients for Node.js, service node-CLIENT; one line of JSON
// a span with what was said of it.
const [client, url, count] = process.argv.slice(2);
const service = `node-${client}`;

/** @param tell called with {traceId, spanId, parentSpanId, n} of each span */
function zipkinJs(version, tell) {
  const zipkin = require('zipkin');
  const { HttpLogger } = require('zipkin-transport-http');
  const { JSON_V1, JSON_V2 } = zipkin.jsonEncoder;
  const logger = new HttpLogger({
    endpoint: url,
    jsonEncoder: version === 'v1' ? JSON_V1 : JSON_V2,
    httpInterval: 50,
    maxPayloadSize: 50_000,
  });
  const recorder = new zipkin.BatchRecorder({ logger });
  const tracer = new zipkin.Tracer({
    ctxImpl: new zipkin.ExplicitContext(),
    recorder,
    localServiceName: service,
    supportsJoin: false,
    traceId128Bit: true,
  });
  for (let n = 0; n < Number(count); n += 1) {
    const id = tracer.createRootId();
    tracer.scoped(() => {
      tracer.setId(id);
      tracer.recordServiceName(service);
      tracer.recordRpc(`op-${n}`);
      tracer.recordAnnotation(new zipkin.Annotation.ServerRecv());
      tracer.recordAnnotation(
        new zipkin.Annotation.LocalAddr({ host: new zipkin.InetAddress('10.1.2.3'), port: 8080 }),
      );
      tracer.recordBinary('n', String(n));
      tracer.recordBinary('text', `größe ${n}`);
      tracer.recordMessage(`note ${n}`);
      tracer.recordAnnotation(new zipkin.Annotation.ServerSend());
    });
    tell({ n, traceId: id.traceId, spanId: id.spanId });
  }
  setTimeout(() => process.exit(0), 1500);
}

/** A span as the exporters of OpenTelemetry's SDK take it. */
function readable(n, api) {
  const hex = (length) =>
    require('node:crypto')
      .randomBytes(length / 2)
      .toString('hex');
  const context = { traceId: hex(32), spanId: hex(16), traceFlags: 1 };
  const resource = { attributes: { 'service.name': service, 'host.name': 'box' } };
  return {
    name: `op-${n}`,
    kind: api.SpanKind.CLIENT,
    spanContext: () => context,
    startTime: [1_700_000_000, n * 1000],
    endTime: [1_700_000_000, n * 1000 + 5000],
    duration: [0, 5000],
    status: n % 2 === 0 ? { code: 2, message: `failed ${n}` } : { code: 0 },
    attributes: { n: String(n), text: `größe ${n}` },
    links: [],
    events: [{ name: `note ${n}`, time: [1_700_000_000, n * 1000 + 2000], attributes: {} }],
    resource,
    instrumentationScope: { name: 'lib', version: '1.0' },
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

async function otel(exporter, tell) {
  const api = require('@opentelemetry/api');
  const spans = Array.from({ length: Number(count) }, (_, n) => readable(n, api));
  for (let at = 0; at < spans.length; at += 100) {
    const result = await new Promise((resolve) => {
      exporter.export(spans.slice(at, at + 100), resolve);
    });
    if (result.code !== 0) throw result.error ?? new Error('an export failed');
  }
  for (const [n, span] of spans.entries()) tell({ n, ...span.spanContext() });
  await exporter.shutdown();
}

const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
if (client === 'v1' || client === 'v2') zipkinJs(client, tell);
else {
  const { ZipkinExporter } = require('@opentelemetry/exporter-zipkin');
  otel(new ZipkinExporter({ url }), tell);
}
