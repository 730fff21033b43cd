import type { ConfPath } from '../../config/schema/node.ts';
import type { TelemetryConfig } from './config.ts';

/** Something because of which the program cannot start, though the configuration is valid. */
export interface StartFault {
  /** Below `service::telemetry`. */
  readonly path: ConfPath;
  readonly message: string;
}

/**
 * What is found out when telemetry is started and not when a configuration is checked: the Go
 * collector tells these two apart, and so does `validate`.
 */
export function startFaults({ logs, metrics, traces }: TelemetryConfig): StartFault[] {
  const faults: StartFault[] = [];
  if (logs.encoding !== 'console' && logs.encoding !== 'json') {
    const name = JSON.stringify(logs.encoding);
    faults.push({ path: ['logs', 'encoding'], message: `no encoder registered for name ${name}` });
  }
  logs.output_paths.forEach((path, i) => {
    if (path === '') faults.push({ path: ['logs', 'output_paths', i], message: 'an empty path' });
  });
  if (metrics.level !== 'none') {
    metrics.readers.forEach((reader, i) => {
      const message = readerFault(reader);
      if (message !== undefined) faults.push({ path: ['metrics', 'readers', i], message });
    });
  }
  if (traces.level !== 'none' && traces.processors.length > 0) {
    const known = ['tracecontext', 'b3'];
    for (const name of traces.propagators.filter((text) => !known.includes(text))) {
      const message = `unsupported trace propagator ${JSON.stringify(name)}`;
      faults.push({ path: ['traces', 'propagators'], message });
    }
  }
  return faults;
}

function readerFault({ pull, periodic }: TelemetryConfig['metrics']['readers'][number]) {
  if (pull !== undefined && periodic !== undefined) {
    return 'must not specify multiple metric reader type';
  }
  if (pull === undefined && periodic === undefined) return 'no valid metric reader';
  if (pull === undefined) return undefined;
  const { prometheus } = pull.exporter;
  if (prometheus === undefined) return 'no valid metric exporter';
  if (prometheus.host === undefined) return 'host must be specified';
  if (prometheus.port === undefined) return 'port must be specified';
  if (prometheus.port < 0 || prometheus.port > 65535) return `invalid port ${prometheus.port}`;
  return undefined;
}
