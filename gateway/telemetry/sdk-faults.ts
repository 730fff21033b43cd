import { isHttpUrl } from '../../config/groups/url.ts';
import type { TelemetryConfig } from './config.ts';

/**
 * What is wrong with the parts of `service::telemetry` that come from OpenTelemetry's declarative
 * configuration, in the words of the library that the Go collector reads them with.
 */

interface OtlpKeys {
  readonly protocol?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly compression?: string | undefined;
  readonly temporality_preference?: string | undefined;
}

interface ExporterChoice {
  readonly otlp?: OtlpKeys | undefined;
  readonly console?: object | undefined;
}

interface BatchTimes {
  readonly export_timeout?: number | undefined;
  readonly max_export_batch_size?: number | undefined;
  readonly max_queue_size?: number | undefined;
  readonly schedule_delay?: number | undefined;
}

/** A processor of spans or log records. */
export type ExporterKeys = (BatchTimes & { readonly exporter: ExporterChoice }) | undefined;

const quoted = (text: string): string => JSON.stringify(text);

/** @returns undefined when there is nothing wrong */
export function processorFault(
  kind: 'log' | 'span',
  { batch, simple }: { readonly batch?: ExporterKeys; readonly simple?: ExporterKeys },
): string | undefined {
  if (batch !== undefined && simple !== undefined) {
    return `must not specify multiple ${kind} processor type`;
  }
  const given = batch ?? simple;
  if (given === undefined) {
    return `unsupported ${kind} processor type, must be one of simple or batch`;
  }
  return exporterFault(kind, given.exporter) ?? (batch && timesFault(batch));
}

function timesFault(batch: BatchTimes): string | undefined {
  const times = [
    ['export timeout', batch.export_timeout],
    ['batch size', batch.max_export_batch_size],
    ['queue size', batch.max_queue_size],
    ['schedule delay', batch.schedule_delay],
  ] as const;
  const found = times.find(([, value]) => (value ?? 0) < 0);
  return found && `invalid ${found[0]} ${found[1]}`;
}

function exporterFault(
  kind: 'log' | 'span' | 'metric',
  { console, otlp }: ExporterChoice,
): string | undefined {
  if (console !== undefined && otlp !== undefined) return 'must not specify multiple exporters';
  if (console !== undefined) return undefined;
  if (otlp?.protocol === undefined) return `no valid ${kind} exporter`;
  return otlpFault(otlp);
}

function otlpFault({ protocol = '', endpoint, compression }: OtlpKeys): string | undefined {
  if (protocol !== 'grpc' && protocol !== 'http/protobuf') {
    return `unsupported protocol ${quoted(protocol)}`;
  }
  if (endpoint !== undefined) {
    const url = /^https?:\/\//.test(endpoint) ? endpoint : `https://${endpoint}`;
    if (!isHttpUrl(url)) return `cannot use the endpoint ${quoted(endpoint)}: it is no URL`;
  }
  if (compression !== undefined && compression !== 'gzip' && compression !== 'none') {
    return `unsupported compression ${quoted(compression)}`;
  }
  return undefined;
}

const temporalities = ['cumulative', 'delta', 'lowmemory'];

/** What is wrong with the exporter of a periodic reader. */
export function metricExporterFault(exporter: ExporterChoice): string | undefined {
  const fault = exporterFault('metric', exporter);
  const preference = exporter.otlp?.temporality_preference;
  if (fault !== undefined || preference === undefined) return fault;
  return temporalities.includes(preference)
    ? undefined
    : `unsupported temporality preference ${quoted(preference)}`;
}

interface Lists {
  readonly included?: readonly string[] | undefined;
  readonly excluded?: readonly string[] | undefined;
}

/** An attribute can be taken or left out. */
export function includeExcludeFault(lists: Lists | undefined): string | undefined {
  const both = lists?.excluded?.find((key) => lists.included?.includes(key));
  return both && `attribute cannot be in both include and exclude list: ${both}`;
}

const instrumentTypes = [
  'counter',
  'histogram',
  'observable_counter',
  'observable_gauge',
  'observable_up_down_counter',
  'up_down_counter',
];

type ViewConfig = NonNullable<TelemetryConfig['metrics']['views']>[number];

/** What is wrong with a view, in the words of the Go collector's SDK; undefined = nothing. */
export function viewFault({ selector, stream }: ViewConfig): string | undefined {
  if (selector === undefined) return 'view: no selector provided';
  const { instrument_type: type } = selector;
  if (type !== undefined && !instrumentTypes.includes(type)) {
    return `view_selector: instrument_type: invalid value ${quoted(type)}`;
  }
  if (Object.values(selector).every((value) => value === undefined || value === '')) {
    return 'view_selector: an empty selector matches nothing';
  }
  return includeExcludeFault(stream?.attribute_keys);
}

interface SamplerChoice {
  readonly always_on?: unknown;
  readonly always_off?: unknown;
  readonly trace_id_ratio_based?: unknown;
  readonly parent_based?: Readonly<Record<string, unknown>> | undefined;
}

/** @param given the key `sampler`, or one below it */
export function samplerFault(given: unknown): string | undefined {
  if (given === undefined || given === null) return undefined;
  const { always_on, always_off, trace_id_ratio_based, parent_based } = given as SamplerChoice;
  if (parent_based !== undefined && parent_based !== null) {
    return Object.values(parent_based).map(samplerFault).find(Boolean);
  }
  const known = [always_on, always_off, trace_id_ratio_based];
  return known.some((one) => one !== undefined && one !== null)
    ? undefined
    : 'invalid sampler configuration: it names no sampler';
}
