import type { ConfPath } from '../../config/schema/node.ts';
import type { TelemetryConfig } from './config.ts';
import {
  type ExporterKeys,
  includeExcludeFault,
  metricExporterFault,
  processorFault,
  samplerFault,
  viewFault,
} from './sdk-faults.ts';

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
export function startFaults(config: TelemetryConfig): StartFault[] {
  return [
    ...logFaults(config.logs),
    ...metricFaults(config.metrics),
    ...traceFaults(config.traces),
  ];
}

function logFaults(logs: TelemetryConfig['logs']): StartFault[] {
  const faults: StartFault[] = [];
  if (logs.encoding !== 'console' && logs.encoding !== 'json') {
    const name = JSON.stringify(logs.encoding);
    faults.push({ path: ['logs', 'encoding'], message: `no encoder registered for name ${name}` });
  }
  logs.output_paths.forEach((path, i) => {
    if (path === '') faults.push({ path: ['logs', 'output_paths', i], message: 'an empty path' });
    else if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path) && !path.startsWith('file:///')) {
      const message = `no sink found for ${JSON.stringify(path)}: only file:///... can be opened`;
      faults.push({ path: ['logs', 'output_paths', i], message });
    }
  });
  return [...faults, ...processorFaults('logs', 'log', logs.processors)];
}

function processorFaults(
  section: 'logs' | 'traces',
  kind: 'log' | 'span',
  processors: readonly { readonly batch?: ExporterKeys; readonly simple?: ExporterKeys }[],
): StartFault[] {
  return processors.flatMap((processor, i) => {
    const message = processorFault(kind, processor);
    return message === undefined ? [] : [{ path: [section, 'processors', i], message }];
  });
}

function metricFaults({ level, readers, views }: TelemetryConfig['metrics']): StartFault[] {
  if (level === 'none') return [];
  const faults: StartFault[] = [];
  readers.forEach((reader, i) => {
    const message = readerFault(reader);
    if (message !== undefined) faults.push({ path: ['metrics', 'readers', i], message });
  });
  views?.forEach((view, i) => {
    const message = viewFault(view);
    if (message !== undefined) faults.push({ path: ['metrics', 'views', i], message });
  });
  return faults;
}

function traceFaults(traces: TelemetryConfig['traces']): StartFault[] {
  if (traces.level === 'none' || traces.processors.length === 0) return [];
  const faults: StartFault[] = [];
  const known = ['tracecontext', 'b3'];
  for (const name of traces.propagators.filter((text) => !known.includes(text))) {
    const message = `unsupported trace propagator ${JSON.stringify(name)}`;
    faults.push({ path: ['traces', 'propagators'], message });
  }
  faults.push(...processorFaults('traces', 'span', traces.processors));
  const message = samplerFault(traces.sampler);
  if (message !== undefined) faults.push({ path: ['traces', 'sampler'], message });
  return faults;
}

function readerFault({ pull, periodic }: TelemetryConfig['metrics']['readers'][number]) {
  if (pull !== undefined && periodic !== undefined) {
    return 'must not specify multiple metric reader type';
  }
  if (periodic !== undefined) return metricExporterFault(periodic.exporter);
  if (pull === undefined) return 'no valid metric reader';
  const { prometheus } = pull.exporter;
  if (prometheus === undefined) return 'no valid metric exporter';
  if (prometheus.host === undefined) return 'host must be specified';
  if (prometheus.port === undefined) return 'port must be specified';
  if (prometheus.port < 0 || prometheus.port > 65535) return `invalid port ${prometheus.port}`;
  return includeExcludeFault(prometheus.with_resource_constant_labels);
}
