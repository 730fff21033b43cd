import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { formatEndpoint } from '../../config/schema/endpoint.ts';
import { escapingOf } from './accept.ts';
import type { ReadableMeter } from './meter.ts';
import { prometheusText, type TextOptions } from './prometheus-text.ts';

/** A started endpoint of the program's own metrics. */
export interface MetricsServer {
  /** Port it listens on. */
  readonly port: number;
  close(): Promise<void>;
}

/** How metrics are told at an endpoint; what a reader asks for aside. */
export type EndpointOptions = Omit<TextOptions, 'escaping'>;

const asTheyAre: EndpointOptions = { suffixes: false, scopes: false, labels: {} };

/**
 * Serves `GET /metrics`.
 * @throws Error when it cannot listen
 */
export async function serveMetrics(
  host: string,
  port: number,
  meter: ReadableMeter,
  options: EndpointOptions = asTheyAre,
): Promise<MetricsServer> {
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (path !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(path === '/metrics' ? 405 : 404).end();
      return;
    }
    answer(request, response, meter, options).catch((error: unknown) => {
      response.writeHead(500).end(`cannot read metrics: ${String(error)}\n`);
    });
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 10_000;
  await listen(server, host.replace(/^\[(.+)\]$/, '$1'), port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { headers }: IncomingMessage,
  response: ServerResponse,
  meter: ReadableMeter,
  options: EndpointOptions,
): Promise<void> {
  const escaping = escapingOf(headers.accept);
  const { contentType, text } = await prometheusText(meter.collect(), { ...options, escaping });
  const isPacked = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(
    String(headers['accept-encoding'] ?? ''),
  );
  if (!isPacked) {
    response.writeHead(200, { 'content-type': contentType }).end(text);
    return;
  }
  const { gzip } = await import('node:zlib');
  const body = await promisify(gzip)(text);
  response.writeHead(200, { 'content-type': contentType, 'content-encoding': 'gzip' }).end(body);
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
