import type { MetricInfo } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';

const latencyBounds = [5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000];

const info = {
  resolutions: {
    name: 'otelcol_loadbalancer_num_resolutions',
    description: 'Number of times the resolver has triggered new resolutions.',
    unit: '{resolutions}',
    kind: 'counter',
  },
  backends: {
    name: 'otelcol_loadbalancer_num_backends',
    description: 'Current number of backends in use.',
    unit: '{backends}',
    kind: 'gauge',
  },
  updates: {
    name: 'otelcol_loadbalancer_num_backend_updates',
    description: 'Number of times the list of backends was updated.',
    unit: '{updates}',
    kind: 'counter',
  },
  latency: {
    name: 'otelcol_loadbalancer_backend_latency',
    description: 'Response latency in ms for the backends.',
    unit: 'ms',
    kind: 'histogram',
  },
  outcome: {
    name: 'otelcol_loadbalancer_backend_outcome',
    description: 'Number of successes and failures for each endpoint.',
    unit: '{outcomes}',
    kind: 'counter',
  },
} as const satisfies Record<string, MetricInfo>;

export const metrics: readonly MetricInfo[] = Object.values(info);

/** What the exporter reports, with the Go collector's names. */
export class Telemetry {
  readonly #settings: Settings;
  readonly #resolver: string;
  #backends = 0;
  readonly #unregister: () => void;

  /** @param resolver static, dns or k8s; @param signal keeps the gauges of signals apart */
  constructor(settings: Settings, resolver: string, signal: string) {
    this.#settings = settings;
    this.#resolver = resolver;
    const attributes = { resolver, exporter: settings.id, data_type: signal };
    const { name } = info.backends;
    const read = () => this.#backends;
    this.#unregister = settings.meter.gauge(name, info.backends, read, attributes);
  }

  resolved(success: boolean): void {
    const attributes = { resolver: this.#resolver, success: String(success) };
    this.#settings.meter.counter(info.resolutions.name, info.resolutions).add(1, attributes);
  }

  backends(count: number): void {
    this.#backends = count;
  }

  updated(): void {
    const { meter } = this.#settings;
    meter.counter(info.updates.name, info.updates).add(1, { resolver: this.#resolver });
  }

  sent(endpoint: string, ms: number, success: boolean): void {
    const { meter } = this.#settings;
    const outcome = meter.counter(info.outcome.name, info.outcome);
    outcome.add(1, { endpoint, success: String(success) });
    const latency = meter.histogram(info.latency.name, info.latency, latencyBounds);
    latency.record(ms, { endpoint });
  }

  close(): void {
    this.#unregister();
  }
}
