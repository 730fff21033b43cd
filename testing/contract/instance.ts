import type { Component } from '../../component/component.ts';
import type { Consumer, Consumers } from '../../component/consumer.ts';
import type { Factory } from '../../component/factory.ts';
import type { Clock } from '../../component/settings.ts';
import { type Signal, signals } from '../../component/signals.ts';
import { realClock } from '../clock.ts';
import { realTimeSettings } from '../settings.ts';
import { type CollectingSink, collectingSink } from '../sinks.ts';

/** A component made for a suite, with everything around it. */
export interface Instance {
  readonly component: Component;
  /** Its consumer, for those that take data. */
  readonly consumer: Consumer<Signal> | undefined;
  readonly signal: Signal | undefined;
  readonly sink: CollectingSink<Signal>;
  readonly settings: ReturnType<typeof realTimeSettings>;
  /** Timers of the component that wait. */
  timers(): number;
}

/** One instance of each shape that a factory can make: per signal, or one alone. */
export function* instances(factory: Factory<unknown>, config: unknown): Generator<Instance> {
  if (factory.kind === 'extension') {
    yield make((settings) => ({ component: factory.create(settings, config) }));
    return;
  }
  if (factory.kind === 'receiver') {
    yield make((settings, sink) => {
      const next: { [S in Signal]?: Consumer<S> } = {};
      for (const signal of supported(factory)) Object.assign(next, { [signal]: sink });
      return { component: factory.create(settings, config, next as Consumers) };
    });
    return;
  }
  if (factory.kind === 'connector') {
    for (const [from, to] of factory.pairs) {
      yield make((settings, sink) => {
        const pipelines = new Map(signals.map((signal) => [`${signal}/test`, sink]));
        const { mutates } = sink;
        const next = { mutates, pipelines, consume: sink.consume.bind(sink) };
        const consumer = factory.create(from, to, settings, config, next);
        return { component: consumer, consumer, signal: from };
      });
    }
    return;
  }
  for (const signal of supported(factory)) {
    yield make((settings, sink) => {
      const consumer =
        factory.kind === 'exporter'
          ? factory.create(signal, settings, config)
          : factory.create(signal, settings, config, settings.book.edge('test', 'sink', sink));
      return { component: consumer, consumer, signal };
    });
  }
}

function supported(factory: Factory<unknown>): Signal[] {
  return signals.filter((signal) => factory.stability[signal] !== undefined);
}

type Made = { component: Component; consumer?: Consumer<Signal>; signal?: Signal };

function make(
  create: (settings: ReturnType<typeof realTimeSettings>, sink: CollectingSink<Signal>) => Made,
): Instance {
  const { clock, pending } = countingClock();
  const settings = realTimeSettings(clock);
  settings.book.node('sink', 'source');
  const sink = collectingSink<Signal>();
  const { component, consumer, signal } = create(settings, sink);
  return { component, consumer, signal, sink, settings, timers: pending };
}

/** The real clock, which knows how many timers wait. */
function countingClock(): { clock: Clock; pending: () => number } {
  const inner = realClock();
  const waiting = new Set<object>();
  const clock: Clock = {
    unixMs: inner.unixMs,
    monotonicMs: inner.monotonicMs,
    after(ms, run) {
      const mark = {};
      waiting.add(mark);
      const timer = inner.after(ms, () => {
        waiting.delete(mark);
        run();
      });
      return {
        cancel() {
          waiting.delete(mark);
          timer.cancel();
        },
      };
    },
  };
  return { clock, pending: () => waiting.size };
}
