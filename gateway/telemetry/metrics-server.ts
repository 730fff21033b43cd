import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatEndpoint } from '../../config/schema/endpoint.ts';
import type { ReadableMeter } from './meter.ts';
import type { Naming } from './prometheus-name.ts';
import { prometheusText } from './prometheus-text.ts';

/** A started endpoint of the program's own metrics. */
export interface MetricsServer {
  /** Port it listens on. */
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `GET /metrics`.
 * @throws Error when it cannot listen
 */
export async function serveMetrics(
  host: string,
  port: number,
  meter: ReadableMeter,
  naming?: Naming,
): Promise<MetricsServer> {
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (path !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(path === '/metrics' ? 405 : 404).end();
      return;
    }
    prometheusText(meter.collect(), naming).then(
      ({ contentType, text }) => response.writeHead(200, { 'content-type': contentType }).end(text),
      (error: unknown) => response.writeHead(500).end(`cannot read metrics: ${String(error)}\n`),
    );
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  await listen(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = formatEndpoint({ host, port });
      const message = `cannot serve the program's own metrics on ${where}: ${error.message}`;
      reject(new Error(message, { cause: error }));
    });
    server.listen(port, host, resolve);
    server.unref();
  });
}
