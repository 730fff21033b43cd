/**
 * An HTTP server under OpenTelemetry's SDK between two that are under SkyWalking's agents: a
 * propagator of a few lines reads and writes their header.
 * usage: skywalking-otel.ts OTLP NEXT (URL, host:port). Prints its port; ends with its input.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type Context,
  context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { NodeSDK, tracing } from '@opentelemetry/sdk-node';
import { spanIdOf, traceIdOf } from '../../wire/skywalking/ids.ts';

const [otlp = '', next = ''] = process.argv.slice(2);
const traceKey = createContextKey('sw8 trace id');
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** SkyWalking's header (Cross Process Propagation Headers Protocol v3). */
const sw8: TextMapPropagator = {
  fields: () => ['sw8'],
  extract(ctx: Context, carrier: unknown, getter: TextMapGetter): Context {
    const header = getter.get(carrier, 'sw8');
    const parts = String(header ?? '').split('-');
    if (parts.length !== 8) return ctx;
    const [traceText, segment] = parts.slice(1, 3).map((p) => Buffer.from(p, 'base64').toString());
    const known = ctx.setValue(traceKey, traceText);
    return trace.setSpanContext(known, {
      traceId: traceIdOf(traceText!),
      spanId: spanIdOf(segment!, Number(parts[3])),
      traceFlags: 1,
      isRemote: true,
    });
  },
  inject(ctx: Context, carrier: unknown, setter: TextMapSetter): void {
    const span = trace.getSpanContext(ctx);
    if (span === undefined) return;
    const traceText = (ctx.getValue(traceKey) as string | undefined) ?? span.traceId;
    const texts = ['cart', 'cart-1', '/step', next].map(base64).join('-');
    setter.set(carrier, 'sw8', `1-${base64(traceText)}-${base64(span.spanId)}-0-${texts}`);
  },
};

const exporter = new OTLPTraceExporter({ url: `${otlp}/v1/traces` });
const sdk = new NodeSDK({
  serviceName: 'cart',
  textMapPropagator: sw8,
  spanProcessors: [new tracing.BatchSpanProcessor(exporter, { maxQueueSize: 10_000 })],
});
sdk.start();
const tracer = trace.getTracer('cart');

const server = http.createServer((request, response) => {
  const parent = propagation.extract(ROOT_CONTEXT, request.headers);
  const span = tracer.startSpan('GET /step', { kind: SpanKind.SERVER }, parent);
  const inside = trace.setSpan(parent, span);
  context.with(inside, () => {
    const call = tracer.startSpan('ask', { kind: SpanKind.CLIENT }, inside);
    const headers: Record<string, string> = {};
    propagation.inject(trace.setSpan(inside, call), headers);
    const path = `/leaf${request.url!.slice(request.url!.indexOf('?'))}`;
    http.get(`http://${next}${path}`, { headers }, (answer) => {
      answer.resume();
      answer.on('end', () => {
        call.setAttribute('url.path', path);
        call.end();
        span.end();
        response.statusCode = answer.statusCode!;
        response.end('done');
      });
    });
  });
});

server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.stdin.resume();
process.stdin.on('end', async () => {
  await sdk.shutdown();
  process.exit(0);
});
