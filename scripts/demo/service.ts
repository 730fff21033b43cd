/**
 * One service of the demo shop, in a process of its own:
 *   service.ts NAME PORT [NAME=PORT of services that it calls...]
 * Nothing here knows of tracing but the first lines, which are the SDK's usual set-up.
 */
import { createRequire } from 'node:module';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeSDK } from '@opentelemetry/sdk-node';

const [name = 'service', port = '0', ...calls] = process.argv.slice(2);
const sdk = new NodeSDK({
  serviceName: name,
  traceExporter: new OTLPTraceExporter({
    url: process.env.OTLP_ENDPOINT ?? 'http://localhost:4317',
  }),
  instrumentations: [new HttpInstrumentation()],
});
sdk.start();
// Instrumentation hooks require(): load http only now.
const http = createRequire(import.meta.url)('node:http') as typeof import('node:http');

function call(target: string, path: string): Promise<number> {
  const [, targetPort] = target.split('=');
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port: Number(targetPort), path }, (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      })
      .on('error', reject);
  });
}

const server = http.createServer(async (request, response) => {
  const path = request.url ?? '/';
  try {
    for (const target of calls) await call(target, path);
    const slow = 2 + Math.random() * 20;
    await new Promise((resolve) => setTimeout(resolve, slow));
    const broken = name === 'payment' && path.endsWith('/7');
    response.writeHead(broken ? 500 : 200, { 'content-type': 'text/plain' });
    response.end(`${name} served ${path}\n`);
  } catch (error) {
    response.writeHead(502);
    response.end(String(error));
  }
});
server.listen(Number(port), '127.0.0.1', () => console.log('ready'));
process.on('SIGTERM', () => {
  server.close();
  sdk.shutdown().finally(() => process.exit(0));
});
