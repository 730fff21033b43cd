import { clickOf, type JudgedSpan, judge } from './judge.ts';

/** What the verdicts over many traces add up to. */
export class Tally {
  /** Spans by trace, the traces by the click that the proxy served. */
  readonly #clicks = new Map<string, Map<string, readonly JudgedSpan[]>>();

  /** Takes a trace; the same one may come twice. */
  add(id: string, spans: readonly JudgedSpan[]): void {
    for (const click of new Set(spans.map(clickOf))) {
      if (click === undefined) continue;
      const traces = this.#clicks.get(click);
      if (traces === undefined) this.#clicks.set(click, new Map([[id, spans]]));
      else traces.set(id, spans);
    }
  }

  result(): {
    whole: number;
    mixed: number;
    faults: (readonly [fault: string, clicks: number])[];
    example: readonly JudgedSpan[];
    /** Trace id of the example. */
    exampleId: string;
  } {
    const faults = new Map<string, number>();
    let whole = 0;
    let mixed = 0;
    let example: readonly JudgedSpan[] = [];
    let exampleId = '';
    for (const [click, traces] of this.#clicks) {
      const verdicts = [...traces].map(([id, spans]) => ({
        id,
        spans,
        verdict: judge(click, spans),
      }));
      const best = verdicts.find(({ verdict }) => verdict.whole) ?? verdicts[0];
      if (best === undefined) continue;
      if (best.verdict.whole) whole += 1;
      if (verdicts.some(({ verdict }) => verdict.foreign.length > 0)) mixed += 1;
      if (best.verdict.whole || example.length === 0) {
        example = best.spans;
        exampleId = best.id;
      }
      for (const fault of new Set(best.verdict.faults)) {
        faults.set(fault, (faults.get(fault) ?? 0) + 1);
      }
    }
    const ordered = [...faults].toSorted((a, b) => b[1] - a[1]);
    return { whole, mixed, faults: ordered, example, exampleId };
  }
}
