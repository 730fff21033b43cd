import type { Attributes, Logger } from '../../component/settings.ts';
import type { TelemetryConfig } from './config.ts';
import type { ReadableMeter } from './meter.ts';
import { type MetricsServer, serveMetrics } from './metrics-server.ts';

type MetricsConfig = TelemetryConfig['metrics'];

/** Where the program's own metrics can be read. */
export class MetricsEndpoints {
  readonly #meter: ReadableMeter;
  readonly #logger: Logger;
  readonly #resource: Attributes;
  #servers: MetricsServer[] = [];

  /** @param resource attributes of the program, of which an endpoint may want labels */
  constructor(meter: ReadableMeter, logger: Logger, resource: Attributes) {
    this.#meter = meter;
    this.#logger = logger;
    this.#resource = resource;
  }

  /** @throws Error when one cannot listen */
  async open({ level, readers }: MetricsConfig): Promise<void> {
    if (level === 'none') return;
    for (const { pull } of readers) {
      const prometheus = pull?.exporter.prometheus;
      if (prometheus?.host === undefined || prometheus.port === undefined) continue;
      const { host, port, without_units, without_type_suffix } = prometheus;
      const server = await serveMetrics(host, port, this.#meter, {
        suffixes: !without_units || !without_type_suffix,
        scopes: !prometheus.without_scope_info,
        labels: chosen(this.#resource, prometheus.with_resource_constant_labels),
      });
      this.#servers.push(server);
      this.#logger.debug('Serving metrics', { host, port: server.port });
    }
  }

  /** @throws Error when one of the next cannot listen; the endpoints before are there again then */
  async change(before: MetricsConfig, next: MetricsConfig): Promise<void> {
    await this.close();
    try {
      await this.open(next);
    } catch (error) {
      await this.close();
      await this.open(before);
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.splice(0).map((server) => server.close()));
  }
}

/** The attributes that lists name; no lists at all name none, empty ones all. */
function chosen(
  resource: Attributes,
  lists:
    | {
        readonly included?: readonly string[] | undefined;
        readonly excluded?: readonly string[] | undefined;
      }
    | undefined,
): Attributes {
  if (lists === undefined) return {};
  const { included = [], excluded = [] } = lists;
  return Object.fromEntries(
    Object.entries(resource).filter(
      ([key]) => !excluded.includes(key) && (included.length === 0 || included.includes(key)),
    ),
  );
}
