import type { MetricInfo } from '../../component/factory.ts';
import type { Attributes, Counter, Meter } from '../../component/settings.ts';

const prefix = 'otelcol_exporter_prometheusremotewrite_';

const counters = {
  failed_translations: ['Translations in which something could not become a series.', '1'],
  translated_time_series: ['Series that were made of metrics.', '1'],
  sent_batches: ['Requests that were sent, whatever came of them.', '{batch}'],
  written_samples: ['Samples that servers of version 2.0 say they wrote.', '1'],
  written_histograms: ['Native histograms that servers of version 2.0 say they wrote.', '1'],
  written_exemplars: ['Exemplars that servers of version 2.0 say they wrote.', '1'],
} as const;

type CounterName = keyof typeof counters;

const consumers = {
  name: `${prefix}consumers`,
  description: 'Requests of one batch that may be under way at a time.',
  unit: '{consumer}',
} as const;

/** For the component's documentation. */
export const metrics: readonly MetricInfo[] = [
  ...Object.entries(counters).map(([name, [description, unit]]) => ({
    name: prefix + name,
    description,
    unit,
    kind: 'counter' as const,
  })),
  { ...consumers, kind: 'gauge' },
];

/** The exporter's own metrics. */
export class Telemetry {
  readonly #counters: ReadonlyMap<CounterName, Counter>;
  readonly #attributes: Attributes;
  readonly #unregister: () => void;

  constructor(meter: Meter, exporter: string, endpoint: string, parallel: number) {
    this.#attributes = { exporter, endpoint };
    this.#counters = new Map(
      (Object.keys(counters) as CounterName[]).map((name) => {
        const [description, unit] = counters[name];
        return [name, meter.counter(prefix + name, { description, unit })];
      }),
    );
    const { name, ...options } = consumers;
    this.#unregister = meter.gauge(name, options, () => parallel, this.#attributes);
  }

  add(name: CounterName, value: number): void {
    this.#counters.get(name)!.add(value, this.#attributes);
  }

  end(): void {
    this.#unregister();
  }
}
