import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Extension } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import {
  type Listener,
  notFound,
  pathOf,
  serveHttp,
  takesPath,
} from '../../config/groups/http-listen.ts';
import { openAt } from '../../config/groups/listen.ts';
import type { HealthCheckConfig } from './config.ts';
import { type Health, healthAnswer } from './status.ts';

/** The extension: one HTTP listener that any method and body may ask. */
export function createHealthCheck(settings: Settings, config: HealthCheckConfig): Extension {
  const { clock, logger } = settings;
  let listener: Listener | undefined;
  let readySince: { readonly unixMs: number; readonly monotonicMs: number } | undefined;
  const health = (): Health => ({
    ready: readySince !== undefined,
    sinceUnixMs: readySince?.unixMs ?? 0,
    uptimeMs: readySince === undefined ? 0 : clock.monotonicMs() - readySince.monotonicMs,
  });
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    request.resume();
    if (!takesPath(config.path, pathOf(request))) {
      notFound(response);
      return;
    }
    const { status, contentType, body } = healthAnswer(health(), config.response_body);
    response.writeHead(status, { 'content-type': contentType });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  return {
    capabilities: {},
    async start() {
      listener = await openAt(config.endpoint, () => serveHttp(config, settings, answer));
      logger.info('Starting health_check extension', { address: listener.address });
    },
    async ready() {
      readySince = { unixMs: clock.unixMs(), monotonicMs: clock.monotonicMs() };
    },
    async notReady() {
      readySince = undefined;
    },
    async shutdown() {
      const closing = listener;
      listener = undefined;
      await closing?.close(0);
    },
  };
}
