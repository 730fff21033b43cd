import type { Context } from '../../component/consumer.ts';
import type { AnyBatch } from '../../component/factory.ts';
import type { Attributes, Counter, Histogram } from '../../component/settings.ts';
import type { Environment } from './environment.ts';
import type { AnyConsumer, NodePlan } from './plan.ts';

/** Processors of which the Go collector does not count what passes: they hold it, or cut it. */
const uncounted: ReadonlySet<string> = new Set([
  'batch',
  'tail_sampling',
  'groupbytrace',
  'queuebatch',
  'deltatocumulative',
]);

const secondBounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000];

/** What comes to a processor, what it gives, and how long it takes over it itself. */
export interface NodeMeter {
  /** A processor, measured. */
  input(consumer: AnyConsumer): AnyConsumer;
  /** What it sends to, measured. */
  output(consumer: AnyConsumer): AnyConsumer;
}

/** @returns undefined for what is not measured */
export function nodeMeter(plan: NodePlan, { meter, clock }: Environment): NodeMeter | undefined {
  const { kind, id, factory } = plan.component;
  if (kind !== 'processor' || uncounted.has(factory.type)) return undefined;
  const counter = (what: string, description: string) =>
    meter.counter(`otelcol_processor_${what}_items`, { description, unit: '{item}' });
  return new ProcessorMeter(
    { processor: id, 'otel.signal': plan.fields['otelcol.signal'] ?? '' },
    counter('incoming', 'Number of items passed to the processor'),
    counter('outgoing', 'Number of items emitted from the processor'),
    meter.histogram(
      'otelcol_processor_internal_duration',
      { description: 'Time that the processor takes for a batch', unit: 's', level: 'detailed' },
      secondBounds,
    ),
    () => clock.monotonicMs(),
  );
}

class ProcessorMeter implements NodeMeter {
  readonly #attributes: Attributes;
  readonly #incoming: Counter;
  readonly #outgoing: Counter;
  readonly #duration: Histogram;
  readonly #nowMs: () => number;
  /** When the batch came that is being worked on; NaN = none is. */
  #sinceMs = Number.NaN;

  constructor(
    attributes: Attributes,
    incoming: Counter,
    outgoing: Counter,
    duration: Histogram,
    nowMs: () => number,
  ) {
    this.#attributes = attributes;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#duration = duration;
    this.#nowMs = nowMs;
  }

  input(consumer: AnyConsumer): AnyConsumer {
    const before = (items: number): void => {
      this.#incoming.add(items, this.#attributes);
      this.#outgoing.add(0, this.#attributes);
      if (this.#duration.enabled) this.#sinceMs = this.#nowMs();
    };
    return new Watched(consumer, before, () => this.#stop());
  }

  output(consumer: AnyConsumer): AnyConsumer {
    const before = (items: number): void => {
      this.#stop();
      this.#outgoing.add(items, this.#attributes);
    };
    return new Watched(consumer, before, () => {});
  }

  /** Its own work ends where it hands on what it made, or returns without. */
  #stop(): void {
    if (Number.isNaN(this.#sinceMs)) return;
    this.#duration.record((this.#nowMs() - this.#sinceMs) / 1000, this.#attributes);
    this.#sinceMs = Number.NaN;
  }
}

/** Says what goes to a consumer. */
class Watched implements AnyConsumer {
  readonly #inner: AnyConsumer;
  readonly #before: (items: number) => void;
  readonly #after: () => void;

  constructor(inner: AnyConsumer, before: (items: number) => void, after: () => void) {
    this.#inner = inner;
    this.#before = before;
    this.#after = after;
  }

  get mutates(): boolean {
    return this.#inner.mutates;
  }

  get takes(): ReadonlySet<string> | undefined {
    return this.#inner.takes;
  }

  consume(batch: AnyBatch, ctx: Context): Promise<void> {
    this.#before(batch.itemCount);
    const settled = this.#inner.consume(batch, ctx);
    this.#after();
    return settled;
  }
}
