import type {
  Labels,
  Matcher,
  MetricMetadata,
  MetricReader,
  SeriesHistograms,
  SeriesSamples,
  TimeRange,
} from '../../../storage/metrics/model.ts';

/** A reader of a few series that keeps what it was asked; it knows the operators `=` and `!=`. */
export class FakeReader implements MetricReader {
  readonly asked: { readonly what: string; readonly range: TimeRange }[] = [];
  readonly all: SeriesSamples[] = [];
  readonly histograms: SeriesHistograms[] = [];
  families = new Map<string, readonly MetricMetadata[]>();
  /** Thrown by every call when it is there. */
  failure: Error | undefined;

  add(labels: Readonly<Record<string, string>>, points: readonly [time: number, value: number][]) {
    this.all.push({
      labels: Object.entries(labels),
      times: Float64Array.from(points, ([time]) => time),
      values: Float64Array.from(points, ([, value]) => value),
    });
  }

  #ask(what: string, range: TimeRange): void {
    this.asked.push({ what, range });
    if (this.failure !== undefined) throw this.failure;
  }

  #matching(sets: readonly (readonly Matcher[])[]): SeriesSamples[] {
    return this.#of(this.all, sets);
  }

  #of<T extends { readonly labels: Labels }>(
    all: readonly T[],
    sets: readonly (readonly Matcher[])[],
  ): T[] {
    const fits = (labels: Labels, { name, operator, value }: Matcher): boolean =>
      ((new Map(labels).get(name) ?? '') === value) === (operator === '=');
    return all.filter(
      ({ labels }) =>
        sets.length === 0 || sets.some((set) => set.every((matcher) => fits(labels, matcher))),
    );
  }

  async select(matchers: readonly Matcher[], range: TimeRange): Promise<readonly SeriesSamples[]> {
    this.#ask('select', range);
    return this.#matching([matchers]);
  }

  async selectHistograms(matchers: readonly Matcher[]): Promise<readonly SeriesHistograms[]> {
    return this.#of(this.histograms, [matchers]);
  }

  async series(sets: readonly (readonly Matcher[])[], range: TimeRange) {
    this.#ask('series', range);
    return this.#matching(sets).map(({ labels }) => labels);
  }

  async labelNames(sets: readonly (readonly Matcher[])[], range: TimeRange) {
    this.#ask('labelNames', range);
    const names = this.#matching(sets).flatMap(({ labels }) => labels.map(([name]) => name));
    return [...new Set(names)].sort();
  }

  async labelValues(name: string, sets: readonly (readonly Matcher[])[], range: TimeRange) {
    this.#ask(`labelValues ${name}`, range);
    const values = this.#matching(sets).flatMap(({ labels }) =>
      labels.filter(([key]) => key === name).map(([, value]) => value),
    );
    return [...new Set(values)].sort();
  }

  async metadata(range: TimeRange, metric?: string) {
    this.#ask(`metadata ${metric}`, range);
    const all = [...this.families].filter(([name]) => metric === undefined || name === metric);
    return new Map(all);
  }
}
