import type { Attributes, Settings } from '../../component/settings.ts';
import type { ServerCall } from '../../wire/grpc/server-call.ts';
import type { Method } from '../../wire/grpc/server-connection.ts';
import { type Code, codeName } from '../../wire/status/code.ts';
import { durationBounds } from './http-metrics.ts';

type Needed = Pick<Settings, 'meter' | 'clock'>;

function callAttributes(path: string, code: Code): Attributes {
  return {
    'rpc.method': path.slice(1),
    'rpc.response.status_code': codeName(code),
    'rpc.system.name': 'grpc',
  };
}

function timesOf({ meter }: Needed, side: 'server' | 'client') {
  const options = { description: 'Times of calls', unit: 's', level: 'detailed' } as const;
  return meter.histogram(`rpc.${side}.call.duration`, options, durationBounds);
}

/** Handlers whose calls are measured at level detailed; below it that costs nothing. */
export function watchMethods(
  settings: Needed,
  methods: ReadonlyMap<string, Method>,
): ReadonlyMap<string, Method> {
  const times = timesOf(settings, 'server');
  const { clock } = settings;
  const begin = (path: string, call: ServerCall): void => {
    const sinceMs = clock.monotonicMs();
    call.onEnd = (code) =>
      times.record((clock.monotonicMs() - sinceMs) / 1000, callAttributes(path, code));
  };
  const watched = new Map<string, Method>();
  for (const [path, method] of methods) {
    if (typeof method !== 'function') watched.set(path, method);
    else {
      watched.set(path, (call, message) => {
        if (times.enabled) begin(path, call);
        method(call, message);
      });
    }
  }
  return watched;
}

/**
 * Metrics of calls of one method to a server, at level detailed; below it costs nothing.
 * @param server attributes that name it
 * @returns to be called when a call begins; what it gives, when the call ended
 */
export function watchCalls(
  settings: Needed,
  path: string,
  server: Attributes,
): () => ((code: Code, reached: boolean) => void) | undefined {
  const times = timesOf(settings, 'client');
  const { clock } = settings;
  return () => {
    if (!times.enabled) return undefined;
    const sinceMs = clock.monotonicMs();
    return (code, reached) => {
      const attributes = { ...callAttributes(path, code), ...(reached ? server : {}) };
      times.record((clock.monotonicMs() - sinceMs) / 1000, attributes);
    };
  };
}
