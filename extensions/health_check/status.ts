import { formatDuration } from '../../config/schema/duration.ts';

/** The program's state at one moment. */
export interface Health {
  readonly ready: boolean;
  /** Milliseconds since 1970 of the last change to ready. */
  readonly sinceUnixMs: number;
  /** Milliseconds for which it has been ready. */
  readonly uptimeMs: number;
}

/** An answer of the endpoint. */
export interface HealthAnswer {
  readonly status: 200 | 503;
  readonly contentType: string;
  readonly body: string;
}

/** Bodies that replace the JSON. */
export interface Bodies {
  readonly healthy: string;
  readonly unhealthy: string;
}

/** 200 with `Server available` and the time since when, or 503 with `Server not available`. */
export function healthAnswer(health: Health, bodies: Bodies | undefined): HealthAnswer {
  const status = health.ready ? 200 : 503;
  const own = health.ready ? bodies?.healthy : bodies?.unhealthy;
  if (own !== undefined) {
    return { status, contentType: 'text/plain; charset=utf-8', body: own };
  }
  const body = health.ready
    ? {
        status: 'Server available',
        upSince: new Date(health.sinceUnixMs).toISOString(),
        uptime: formatDuration(health.uptimeMs),
      }
    : { status: 'Server not available', upSince: '0001-01-01T00:00:00Z', uptime: '' };
  return { status, contentType: 'application/json', body: JSON.stringify(body) };
}
