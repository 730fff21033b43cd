import type { Server } from 'node:http';
import type { Extension } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { parseEndpoint } from '../../config/schema/endpoint.ts';
import { type Bodies, type Health, healthAnswer } from './status.ts';

interface Config {
  readonly endpoint: string;
  readonly path: string;
  readonly response_body?: Bodies | undefined;
}

/** The extension: one HTTP listener that any method and body may ask. */
export function createHealthCheck(settings: Settings, config: Config): Extension {
  const { clock, logger, host } = settings;
  let server: Server | undefined;
  let readySince: { readonly unixMs: number; readonly monotonicMs: number } | undefined;
  const health = (): Health => ({
    ready: readySince !== undefined,
    sinceUnixMs: readySince?.unixMs ?? 0,
    uptimeMs: readySince === undefined ? 0 : clock.monotonicMs() - readySince.monotonicMs,
  });
  return {
    capabilities: {},
    async start() {
      const { createServer } = await import('node:http');
      server = createServer((request, response) => {
        request.resume();
        if (request.url?.split('?')[0] !== config.path) {
          response.writeHead(404).end();
          return;
        }
        const { status, contentType, body } = healthAnswer(health(), config.response_body);
        response.writeHead(status, { 'content-type': contentType });
        response.end(request.method === 'HEAD' ? undefined : body);
      });
      server.headersTimeout = 10_000;
      server.requestTimeout = 10_000;
      await listen(server, config.endpoint);
      server.on('error', (error) => host.fatal(error));
      logger.info('Starting health_check extension', { address: server.address() });
    },
    async ready() {
      readySince = { unixMs: clock.unixMs(), monotonicMs: clock.monotonicMs() };
    },
    async notReady() {
      readySince = undefined;
    },
    async shutdown() {
      const closing = server;
      server = undefined;
      if (closing === undefined || !closing.listening) return;
      await new Promise<void>((resolve) => {
        closing.close(() => resolve());
        closing.closeAllConnections();
      });
    },
  };
}

function listen(server: Server, endpoint: string): Promise<void> {
  const { host, port } = parseEndpoint(endpoint) ?? { host: '', port: 0 };
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new Error(`cannot listen on ${endpoint}: ${error.message}`, { cause: error }));
    });
    server.listen(port, host === '' ? undefined : host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}
