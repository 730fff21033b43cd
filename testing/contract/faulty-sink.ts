import type { Consumer } from '../../component/consumer.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { MetricReader } from '../../pdata/readers.ts';
import { errorOf, type Judge } from './judge.ts';
import { numbersOf } from './numbered.ts';

/** A consumer that refuses, or does not settle, as it is told. */
export interface FaultySink extends Consumer<Signal> {
  /** Numbers of the items that were taken, as often as they were. */
  readonly taken: number[];
  /** Whole values of the points that were taken, and that were refused, by metric. */
  readonly values: { readonly taken: Map<string, number>; readonly refused: Map<string, number> };
  /** Items of any kind that were taken, and that were refused. */
  readonly counts: { taken: number; refused: number };
  /** Calls so far, and how many have not settled. */
  readonly calls: { all: number; open: number };
  /** Calls do not settle before `release`. */
  hold(): void;
  release(): void;
  judge: Judge;
}

const always: Judge = () => undefined;

/** @param read finds the numbers of the items of a batch */
export function faultySink(
  signal: Signal,
  mutates = false,
  read = (batch: Batch<Signal>) => numbersOf(signal, batch),
): FaultySink {
  const waiting = new Set<() => void>();
  let held = false;
  const sink: FaultySink = {
    mutates,
    taken: [],
    values: { taken: new Map(), refused: new Map() },
    counts: { taken: 0, refused: 0 },
    calls: { all: 0, open: 0 },
    judge: always,
    hold: () => {
      held = true;
    },
    release: () => {
      held = false;
      for (const go of waiting) go();
      waiting.clear();
    },
    async consume(batch) {
      sink.calls.all += 1;
      sink.calls.open += 1;
      try {
        if (held) await new Promise<void>((resolve) => waiting.add(resolve));
        const verdict = sink.judge();
        if (verdict !== undefined) {
          sink.counts.refused += batch.itemCount;
          if (signal === 'metrics') addValues(batch as Batch<'metrics'>, sink.values.refused);
          throw errorOf(verdict);
        }
        sink.counts.taken += batch.itemCount;
        if (signal === 'metrics') addValues(batch as Batch<'metrics'>, sink.values.taken);
        sink.taken.push(...read(batch));
      } finally {
        sink.calls.open -= 1;
      }
    },
  };
  return sink;
}

const pointField = { asInt: 6 } as const;

/** Adds whole values of points up by metric. */
function addValues(batch: Batch<'metrics'>, sums: Map<string, number>): void {
  const reader = new MetricReader(batch);
  while (reader.nextResource()) {
    while (reader.nextScope()) {
      while (reader.nextMetric()) {
        while (reader.nextPoint()) {
          if (!reader.item.fixed64(pointField.asInt)) continue;
          sums.set(reader.name, (sums.get(reader.name) ?? 0) + reader.item.lo);
        }
      }
    }
  }
}
