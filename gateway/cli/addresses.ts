import type { Extension } from '../../component/extension.ts';
import { formatEndpoint, parseEndpoint } from '../../config/schema/endpoint.ts';
import type { ComponentConfig, ProgramConfig } from '../config/program.ts';

/**
 * What a user wants to know after the start: where to send and where to look.
 * @returns lines of text, '' when there is nothing to tell
 */
export function addressLines(
  config: ProgramConfig,
  extensions: ReadonlyMap<string, Extension>,
): string {
  const rows: [string, string][] = [];
  for (const id of config.extensions) {
    const page = config.components.extension.get(id)!;
    if (page.factory.type !== 'ui') continue;
    rows.push(['Page to look at', http(text(page.config, ['endpoint']))]);
  }
  for (const receiver of config.components.receiver.values()) rows.push(...receiverRows(receiver));
  for (const id of config.extensions) {
    const component = config.components.extension.get(id)!;
    if (component.factory.type === 'jaeger_query') {
      rows.push(['Jaeger API and UI', http(text(component.config, ['endpoint']))]);
    }
    if (component.factory.type === 'prometheus_query') {
      rows.push(['Prometheus remote read', http(text(component.config, ['endpoint']))]);
    }
    if (component.factory.type === 'health_check') {
      rows.push(['Health check', http(text(component.config, ['endpoint']))]);
    }
    const engine = extensions.get(id)?.capabilities.engine;
    if (engine !== undefined && engine.url !== '') {
      // What the configuration or the environment gave is a secret of theirs.
      const password = engine.passwordGenerated === true ? `, password ${engine.password}` : '';
      rows.push(['ClickHouse HTTP', `${engine.url} (user ${engine.username}${password})`]);
    }
  }
  if (rows.length === 0) return '';
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, address]) => `  ${name.padEnd(width)}  ${address}`);
  return ['', 'Wirestitch is ready:', ...lines, '  stop with Ctrl-C', '', ''].join('\n');
}

/** Where an endpoint stands in a receiver's configuration, by type. */
const places: Readonly<Record<string, readonly Place[]>> = {
  otlp: [
    { name: 'OTLP gRPC', path: ['protocols', 'grpc', 'endpoint'] },
    { name: 'OTLP HTTP', path: ['protocols', 'http', 'endpoint'], web: true },
  ],
  skywalking: [
    { name: 'SkyWalking gRPC', path: ['protocols', 'grpc', 'endpoint'] },
    { name: 'SkyWalking HTTP', path: ['protocols', 'http', 'endpoint'], web: true },
  ],
  zipkin: [{ name: 'Zipkin', path: ['endpoint'], web: true }],
  jaeger: [
    { name: 'Jaeger gRPC', path: ['protocols', 'grpc', 'endpoint'] },
    { name: 'Jaeger HTTP', path: ['protocols', 'thrift_http', 'endpoint'], web: true },
    { name: 'Jaeger UDP, compact', path: ['protocols', 'thrift_compact', 'endpoint'] },
    { name: 'Jaeger UDP, binary', path: ['protocols', 'thrift_binary', 'endpoint'] },
  ],
  prometheus_remote_write: [
    { name: 'Prometheus remote write', path: ['endpoint'], web: true, below: '/api/v1/write' },
  ],
  deepflow: [{ name: 'DeepFlow agent', path: ['endpoint'], web: true }],
  influxdb: [{ name: 'InfluxDB, Telegraf', path: ['endpoint'], web: true }],
  statsd: [{ name: 'StatsD', path: ['endpoint'] }],
};

interface Place {
  readonly name: string;
  readonly path: readonly string[];
  /** Whether it is an address of HTTP. */
  readonly web?: true;
  /** Path of the address. */
  readonly below?: string;
}

function receiverRows(receiver: ComponentConfig): [string, string][] {
  const rows: [string, string][] = [];
  for (const { name, path, web, below = '' } of places[receiver.factory.type] ?? []) {
    const endpoint = text(receiver.config, path);
    if (endpoint === undefined) continue;
    rows.push([name, web === true ? http(endpoint) + below : visitable(endpoint)]);
  }
  return rows;
}

/** The text at `path` of a decoded configuration. */
function text(config: unknown, path: readonly string[]): string | undefined {
  let here: unknown = config;
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = (here as Record<string, unknown>)[key];
  }
  return typeof here === 'string' ? here : undefined;
}

function http(endpoint: string | undefined): string {
  return endpoint === undefined ? 'unknown' : `http://${visitable(endpoint)}`;
}

/** An address that a browser on this machine can open. */
function visitable(endpoint: string): string {
  const parsed = parseEndpoint(endpoint);
  if (parsed === undefined) return endpoint;
  const anywhere = parsed.host === '' || parsed.host === '0.0.0.0' || parsed.host === '::';
  return formatEndpoint({ host: anywhere ? 'localhost' : parsed.host, port: parsed.port });
}
