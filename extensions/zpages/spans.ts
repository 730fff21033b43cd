import type { SpanView } from '../../component/view.ts';

/** Lower ends of the classes of latency, in milliseconds. */
export const latencies: readonly number[] = [0, 0.01, 0.1, 1, 10, 100, 1000, 10_000, 100_000];

const samplesKept = 10;
const namesKept = 1000;

/** Spans of one name: how many there were, and the last of each class. */
export interface Summary {
  readonly counts: number[];
  readonly samples: SpanView[][];
  errors: number;
  readonly errorSamples: SpanView[];
}

function keep(list: SpanView[], span: SpanView): void {
  list.push(span);
  if (list.length > samplesKept) list.shift();
}

function classOf(durationMs: number): number {
  const found = latencies.findLastIndex((least) => durationMs >= least);
  return Math.max(0, found);
}

/** What is known of the program's own spans: at most 1000 names, the rest counts as `(other)`. */
export class SpanSummaries {
  readonly #byName = new Map<string, Summary>();

  add(span: SpanView): void {
    const full = this.#byName.size >= namesKept && !this.#byName.has(span.name);
    const summary = this.#summary(full ? '(other)' : span.name);
    if (span.error !== undefined) {
      summary.errors += 1;
      keep(summary.errorSamples, span);
      return;
    }
    const at = classOf(span.durationMs);
    summary.counts[at]! += 1;
    keep(summary.samples[at]!, span);
  }

  names(): readonly string[] {
    return [...this.#byName.keys()].sort();
  }

  of(name: string): Summary | undefined {
    return this.#byName.get(name);
  }

  #summary(name: string): Summary {
    let summary = this.#byName.get(name);
    if (summary === undefined) {
      summary = {
        counts: latencies.map(() => 0),
        samples: latencies.map(() => []),
        errors: 0,
        errorSamples: [],
      };
      this.#byName.set(name, summary);
    }
    return summary;
  }
}
