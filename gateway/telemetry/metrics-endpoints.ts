import type { Logger } from '../../component/settings.ts';
import type { TelemetryConfig } from './config.ts';
import type { ReadableMeter } from './meter.ts';
import { type MetricsServer, serveMetrics } from './metrics-server.ts';

type MetricsConfig = TelemetryConfig['metrics'];

/** Where the program's own metrics can be read. */
export class MetricsEndpoints {
  readonly #meter: ReadableMeter;
  readonly #logger: Logger;
  #servers: MetricsServer[] = [];

  constructor(meter: ReadableMeter, logger: Logger) {
    this.#meter = meter;
    this.#logger = logger;
  }

  /** @throws Error when one cannot listen */
  async open({ level, readers }: MetricsConfig): Promise<void> {
    if (level === 'none') return;
    for (const { pull } of readers) {
      const prometheus = pull?.exporter.prometheus;
      if (prometheus?.host === undefined || prometheus.port === undefined) continue;
      const { host, port, without_units, without_type_suffix } = prometheus;
      const naming = { units: !without_units, suffixes: !without_type_suffix };
      const server = await serveMetrics(host, port, this.#meter, naming);
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
