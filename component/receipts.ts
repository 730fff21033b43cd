import type { MetricInfo } from './factory.ts';
import type { Attributes, Counter, Settings } from './settings.ts';
import { itemNames, itemUnits, type Signal } from './signals.ts';

const outcomes = {
  accepted: 'Items that were pushed into the pipeline.',
  refused: 'Items that the pipeline refused, for now or for good.',
  failed: 'Items that the receiver itself could not take, with receiverhelper.newReceiverMetrics.',
} as const;

type Outcome = keyof typeof outcomes;

const allOutcomes = Object.keys(outcomes) as Outcome[];

function info(what: Outcome, signal: Signal): MetricInfo {
  const items = itemNames[signal];
  return {
    name: `otelcol_receiver_${what}_${items}`,
    description: outcomes[what],
    unit: itemUnits[signal],
    kind: 'counter',
  };
}

/** Metrics of {@link Receipts}, for a component's documentation. */
export function receiptMetrics(
  signals: readonly Signal[],
  whats: readonly Outcome[] = allOutcomes,
): MetricInfo[] {
  return signals.flatMap((signal) => whats.map((what) => info(what, signal)));
}

/** Counts what became of the items of one signal that a receiver handed to its pipelines. */
export class Receipts {
  readonly #accepted: Counter;
  readonly #refused: Counter;
  readonly #failed: Counter;
  #shown = false;
  /** Counted with the feature gate receiverhelper.newReceiverMetrics only. */
  readonly #requests: Counter | undefined;
  /** Labels of all that is counted. */
  readonly attributes: Attributes;

  constructor(
    settings: Pick<Settings, 'meter' | 'id' | 'gates'>,
    signal: Signal,
    transport: string,
  ) {
    const counter = (what: Outcome): Counter => {
      const { name, description, unit } = info(what, signal);
      return settings.meter.counter(name, { description, unit });
    };
    this.#accepted = counter('accepted');
    this.#refused = counter('refused');
    this.#failed = counter('failed');
    if (settings.gates.enabled('receiverhelper.newReceiverMetrics')) {
      const description = 'The number of requests performed.';
      const options = { description, unit: '{request}' };
      this.#requests = settings.meter.counter('otelcol_receiver_requests', options);
    }
    this.attributes = { receiver: settings.id, transport };
  }

  /** Shows all counters, at 0, before the first of them counts. */
  begin(): void {
    if (this.#shown) return;
    this.#shown = true;
    for (const counter of [this.#accepted, this.#refused, this.#failed]) {
      counter.add(0, this.attributes);
    }
  }

  accepted(items: number): void {
    this.begin();
    this.#accepted.add(items, this.attributes);
    this.#requests?.add(1, { ...this.attributes, outcome: 'success' });
  }

  /** What the pipeline refused: for now or for good counts as one, as in the Go collector. */
  refused(items: number): void {
    this.begin();
    this.#refused.add(items, this.attributes);
    this.#requests?.add(1, { ...this.attributes, outcome: 'refused' });
  }

  /** What the receiver itself could not take; without the gate it counts as refused. */
  failed(items: number): void {
    if (this.#requests === undefined) {
      this.refused(items);
      return;
    }
    this.begin();
    this.#failed.add(items, this.attributes);
    this.#requests.add(1, { ...this.attributes, outcome: 'failure' });
  }
}
