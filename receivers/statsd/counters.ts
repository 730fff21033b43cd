import type { MetricInfo } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';

const received: MetricInfo = {
  name: 'otelcol_receiver_received_statsd_metrics',
  description: 'Number of statsd metrics received.',
  unit: '1',
  kind: 'counter',
};

/** For the component's documentation. */
export const statsdMetrics: readonly MetricInfo[] = [received];

/** Counts lines; told packet by packet. */
export class LineCounter {
  readonly #add: (lines: number, success: boolean) => void;

  constructor({ meter, id }: Pick<Settings, 'meter' | 'id'>) {
    const { name, description, unit } = received;
    const counter = meter.counter(name, { description, unit });
    const good = { receiver: id, parse_success: 'true' };
    const bad = { receiver: id, parse_success: 'false' };
    this.#add = (lines, success) => counter.add(lines, success ? good : bad);
  }

  add(good: number, bad: number): void {
    if (good > 0) this.#add(good, true);
    if (bad > 0) this.#add(bad, false);
  }
}
