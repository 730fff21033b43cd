import type { Component } from '../../../component/component.ts';
import type { Consumer } from '../../../component/consumer.ts';
import type { ExporterFactory } from '../../../component/factory.ts';
import type { Settings } from '../../../component/settings.ts';
import type { Signal } from '../../../component/signals.ts';
import type { Batch } from '../../../pdata/batch.ts';
import { toJson } from '../../../pdata/json.ts';
import { findComponent } from '../../components.ts';

/** Where own telemetry goes: `otlp` of OpenTelemetry's declarative configuration 0.3. */
export interface OtlpKeys {
  readonly protocol?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly insecure?: boolean | undefined;
  readonly certificate?: string | undefined;
  readonly client_certificate?: string | undefined;
  readonly client_key?: string | undefined;
  readonly compression?: string | undefined;
  /** Milliseconds. */
  readonly timeout?: number | undefined;
  readonly headers?:
    | readonly { readonly name: string; readonly value?: string | undefined }[]
    | Readonly<Record<string, string>>
    | undefined;
  readonly headers_list?: string | undefined;
}

/** An exporter that own telemetry is given to, outside of any pipeline. */
export type OwnExporter<S extends Signal> = Component & Consumer<S>;

/** Everything that an exporter of own telemetry is created with, its id aside. */
export type OwnSettings = Omit<Settings, 'id'>;

/** Batches of own telemetry that wait while the backend does not answer. */
const queueSize = 100;

/**
 * An exporter of the program's own: `otlp_grpc` or `otlp_http`, as the keys say.
 * @throws Error for keys that do not go together
 */
export async function otlpExporter<S extends Signal>(
  signal: S,
  keys: OtlpKeys,
  settings: OwnSettings,
): Promise<OwnExporter<S>> {
  const grpc = keys.protocol === 'grpc';
  const type = grpc ? 'otlp_grpc' : 'otlp_http';
  const { factory } = await findComponent('exporter', type)!.load();
  const config = factory.config.parse(grpc ? grpcConfig(keys) : httpConfig(signal, keys));
  const id = `${type}/own_telemetry`;
  return (factory as ExporterFactory<unknown>).create(signal, { ...settings, id }, config);
}

function commonConfig(keys: OtlpKeys): Record<string, unknown> {
  const named = [keys.certificate, keys.client_certificate, keys.client_key];
  const [ca_file, cert_file, key_file] = named.map((path) => path ?? '');
  return {
    headers: headersOf(keys),
    timeout: keys.timeout === undefined ? '10s' : `${keys.timeout}ms`,
    compression: keys.compression === 'gzip' ? 'gzip' : 'none',
    tls: { ca_file, cert_file, key_file },
    sending_queue: { queue_size: queueSize, num_consumers: 1 },
    retry_on_failure: { max_elapsed_time: '1m' },
  };
}

function grpcConfig(keys: OtlpKeys): Record<string, unknown> {
  const common = commonConfig(keys);
  const { endpoint = 'http://localhost:4317' } = keys;
  const insecure = keys.insecure ?? endpoint.startsWith('http://');
  return { ...common, endpoint, tls: { ...Object(common.tls), insecure } };
}

function httpConfig(signal: Signal, keys: OtlpKeys): Record<string, unknown> {
  const { endpoint = 'localhost:4318' } = keys;
  const scheme = keys.insecure === true || keys.endpoint === undefined ? 'http' : 'https';
  const url = new URL(/^https?:\/\//.test(endpoint) ? endpoint : `${scheme}://${endpoint}`);
  if (url.pathname === '/') url.pathname = `/v1/${signal}`;
  return { ...commonConfig(keys), [`${signal}_endpoint`]: url.href };
}

function headersOf({ headers, headers_list }: OtlpKeys): Record<string, string> {
  const found: Record<string, string> = {};
  for (const pair of headers_list?.split(',') ?? []) {
    const at = pair.indexOf('=');
    if (at > 0) found[pair.slice(0, at).trim()] = decodeURIComponent(pair.slice(at + 1).trim());
  }
  const list = Array.isArray(headers)
    ? (headers as readonly { name: string; value?: string }[])
    : Object.entries(headers ?? {}).map(([name, value]) => ({ name, value: String(value) }));
  for (const { name, value = '' } of list) found[name] = value;
  return found;
}

/** Prints each batch as a line of OTLP/JSON. */
export function consoleExporter<S extends Signal>(write: (line: string) => void): OwnExporter<S> {
  return {
    mutates: false,
    async consume(batch: Batch<S>) {
      write(`${toJson(batch)}\n`);
    },
    start: async () => {},
    shutdown: async () => {},
  };
}
