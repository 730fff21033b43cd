// jaeger-node.cjs CLIENT HOST PORT COUNT: spans of clients for Node.js, service node-CLIENT; one line of
// JSON a span.
// CLIENT: udp, http (jaeger-client), otel-udp, otel-http (the exporter of OpenTelemetry's SDK).
const crypto = require('node:crypto');

const [client, host, port, count] = process.argv.slice(2);
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

function jaegerClient() {
  const { initTracer } = require('jaeger-client');
  const reporter =
    client === 'http'
      ? { collectorEndpoint: `http://${host}:${port}/api/traces` }
      : { agentHost: host, agentPort: Number(port) };
  const tracer = initTracer(
    {
      serviceName: `node-${client}`,
      sampler: { type: 'const', param: 1 },
      reporter,
      traceId128bit: true,
    },
    { tags: { region: 'eu' } },
  );
  let n = 0;
  const some = () => {
    for (let i = 0; i < 50 && n < Number(count); i += 1, n += 1) {
      const span = tracer.startSpan(`op-${n}`, { startTime: 1_700_000_000_000 });
      span.setTag('span.kind', 'client');
      span.addTags({ n, text: `größe ${n}`, half: n + 0.5, even: n % 2 === 0 });
      if (n % 2 === 0) span.setTag('error', true);
      span.log({ event: `note ${n}`, size: n }, 1_700_000_000_002);
      span.finish(1_700_000_000_005);
      const context = span.context();
      tell({ n, traceId: context.traceIdStr, spanId: context.spanIdStr });
    }
    if (n < Number(count)) setTimeout(some, 20);
    else setTimeout(() => tracer.close(() => setTimeout(() => process.exit(0), 300)), 1500);
  };
  some();
}

function readable(n, api) {
  const hex = (length) => crypto.randomBytes(length / 2).toString('hex');
  const context = { traceId: hex(32), spanId: hex(16), traceFlags: 1 };
  return {
    name: `op-${n}`,
    kind: api.SpanKind.CLIENT,
    spanContext: () => context,
    startTime: [1_700_000_000, 0],
    endTime: [1_700_000_000, 5_000_000],
    duration: [0, 5_000_000],
    status: n % 2 === 0 ? { code: 2 } : { code: 0 },
    attributes: { n, text: `größe ${n}`, half: n + 0.5, even: n % 2 === 0 },
    links: [],
    events: [{ name: `note ${n}`, time: [1_700_000_000, 2_000_000], attributes: { size: n } }],
    resource: { attributes: { 'service.name': `node-${client}`, region: 'eu' } },
    instrumentationScope: { name: 'lib', version: '1.0' },
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

async function otel() {
  const api = require('@opentelemetry/api');
  const { JaegerExporter } = require('@opentelemetry/exporter-jaeger');
  const exporter = new JaegerExporter(
    client === 'otel-http'
      ? { endpoint: `http://${host}:${port}/api/traces` }
      : { host, port: Number(port), maxPacketSize: 60_000 },
  );
  const spans = Array.from({ length: Number(count) }, (_, n) => readable(n, api));
  for (let at = 0; at < spans.length; at += 50) {
    const result = await new Promise((resolve) => {
      exporter.export(spans.slice(at, at + 50), resolve);
    });
    if (result.code !== 0) throw result.error ?? new Error('an export failed');
    // A burst of packets is more than the system holds for a socket.
    if (client === 'otel-udp') await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const [n, span] of spans.entries()) tell({ n, ...span.spanContext() });
  await new Promise((resolve) => setTimeout(resolve, 500));
  process.exit(0);
}

if (client.startsWith('otel')) otel();
else jaegerClient();
