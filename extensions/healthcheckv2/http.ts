import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Settings } from '../../component/settings.ts';
import {
  type Listener,
  notFound,
  pathOf,
  serveHttp,
  takesPath,
} from '../../config/groups/http-listen.ts';
import { formatDuration } from '../../config/schema/duration.ts';
import { type Aggregate, scopeOf } from './aggregate.ts';
import type { HealthCheckV2Config, HealthHttpConfig } from './config.ts';
import { httpCode, serialize } from './health.ts';

/** The statuses at the moment. */
export type Statuses = () => Aggregate;

function answerJson(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(content));
}

/** What a request asks for: `?pipeline=ID` (or `extensions`) and `&verbose`. */
function asked(request: IncomingMessage): { readonly scope: string; readonly verbose: boolean } {
  const query = new URLSearchParams((request.url ?? '').split('?')[1] ?? '');
  const verbose = query.has('verbose') && query.get('verbose') !== 'false';
  return { scope: query.get('pipeline') ?? '', verbose };
}

/** Statuses and configuration over HTTP. */
export function serveStatuses(
  settings: Settings,
  config: HealthHttpConfig,
  health: HealthCheckV2Config['component_health'],
  statuses: Statuses,
): Promise<Listener> {
  const { clock, host } = settings;
  const startMs = clock.unixMs();
  return serveHttp(config, settings, (request, response) => {
    request.resume();
    const path = pathOf(request);
    if (config.status.enabled && takesPath(config.status.path, path)) {
      const { scope, verbose } = asked(request);
      const found = scopeOf(statuses(), scope);
      const now = clock.unixMs();
      if (found === undefined) response.writeHead(404).end();
      else {
        const body = serialize(found, health, now, verbose, startMs);
        answerJson(response, httpCode(found, health, now), body);
      }
    } else if (config.config.enabled && takesPath(config.config.path, path)) {
      host.view.config().then(
        (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(body),
        (error: Error) => response.writeHead(503).end(error.message),
      );
    } else notFound(response);
  });
}

/** The one answer of the extension's first version, from statuses. */
export function serveLegacy(
  settings: Settings,
  config: HealthCheckV2Config,
  statuses: Statuses,
): Promise<Listener> {
  const { clock } = settings;
  const startMs = clock.unixMs();
  return serveHttp(config, settings, (request, response) => {
    request.resume();
    if (!takesPath(config.path, pathOf(request))) {
      notFound(response);
      return;
    }
    const found = scopeOf(statuses(), asked(request).scope);
    if (found === undefined) {
      response.writeHead(404).end();
      return;
    }
    const code = httpCode(found, undefined, clock.unixMs()) === 200 ? 200 : 503;
    const { response_body: bodies } = config;
    if (bodies !== undefined) {
      response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8' });
      response.end(code === 200 ? bodies.healthy : bodies.unhealthy);
      return;
    }
    const up = { upSince: new Date(startMs).toISOString() };
    const uptime = formatDuration(clock.unixMs() - startMs);
    answerJson(
      response,
      code,
      code === 200
        ? { status: 'Server available', ...up, uptime }
        : { status: 'Server not available', upSince: '0001-01-01T00:00:00Z', uptime: '' },
    );
  });
}
