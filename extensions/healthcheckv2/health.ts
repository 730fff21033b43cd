import type { ComponentStatus } from '../../component/view.ts';
import type { Aggregate } from './aggregate.ts';
import type { ComponentHealth } from './config.ts';

const httpCodes: Readonly<Record<ComponentStatus, number>> = {
  StatusNone: 503,
  StatusStarting: 503,
  StatusOK: 200,
  StatusRecoverableError: 200,
  StatusPermanentError: 200,
  StatusFatalError: 500,
  StatusStopping: 503,
  StatusStopped: 503,
};

/** Whether a status counts as healthy; without `config` everything does. */
function isHealthy(
  { status, sinceUnixMs }: Aggregate,
  config: ComponentHealth | undefined,
  nowMs: number,
): boolean {
  if (config === undefined) return true;
  if (status === 'StatusPermanentError') return !config.include_permanent_errors;
  if (status === 'StatusRecoverableError' && config.include_recoverable_errors) {
    return nowMs < sinceUnixMs + config.recovery_duration;
  }
  return status !== 'StatusFatalError';
}

/** The HTTP status that tells a status. */
export function httpCode(
  all: Aggregate,
  config: ComponentHealth | undefined,
  nowMs: number,
): number {
  return isHealthy(all, config, nowMs) ? httpCodes[all.status] : 500;
}

/** What is written of a status. @param startMs when the extension was made, only at the top */
export function serialize(
  part: Aggregate,
  config: ComponentHealth | undefined,
  nowMs: number,
  verbose: boolean,
  startMs?: number,
): Record<string, unknown> {
  const inner = [...part.parts].map(([name, one]) => {
    return [name, serialize(one, config, nowMs, verbose)] as const;
  });
  const started = startMs === undefined ? {} : { start_time: new Date(startMs).toISOString() };
  return {
    ...started,
    healthy: isHealthy(part, config, nowMs),
    status: part.status,
    ...(part.error === '' ? {} : { error: part.error }),
    status_time: new Date(part.sinceUnixMs).toISOString(),
    attributes: {},
    ...(verbose && inner.length > 0 ? { components: Object.fromEntries(inner) } : {}),
  };
}

/** grpc.health.v1.HealthCheckResponse.ServingStatus. */
export const serving = { SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 } as const;

/** The serving status of a scope; undefined = it is not known. */
export function servingOf(
  part: Aggregate,
  config: ComponentHealth | undefined,
  nowMs: number,
): number {
  const { status, sinceUnixMs } = part;
  if (config?.include_recoverable_errors === true && status === 'StatusRecoverableError') {
    const over = nowMs > sinceUnixMs + config.recovery_duration;
    if (over) return serving.NOT_SERVING;
  }
  if (config?.include_permanent_errors === true && status === 'StatusPermanentError') {
    return serving.NOT_SERVING;
  }
  const runs: readonly ComponentStatus[] = [
    'StatusOK',
    'StatusRecoverableError',
    'StatusPermanentError',
  ];
  return runs.includes(status) ? serving.SERVING : serving.NOT_SERVING;
}
