/** Rows of a long trace, a window at a time: what is looked at, and what comes next. Pure. */
import type { RowsAnswer, TraceRow } from '../../../../../query/web/contract/trace.ts';

/** Rows that are asked for at once. */
export const windowRows = 300;
/** Windows that are kept: 12,000 rows, some 10 MB. */
const mostWindows = 40;
/** Windows that are waited for at once; what was scrolled past is given up. */
const mostLoading = 4;

export type RowLoader = (offset: number, limit: number, signal: AbortSignal) => Promise<RowsAnswer>;

export interface RowWindowsOptions {
  readonly load: RowLoader;
  readonly version: string;
  /** Told when rows have come. */
  readonly changed: () => void;
  /** Told when the trace is another than was asked for. */
  readonly stale: (version: string) => void;
  readonly failed: (error: unknown) => void;
}

/** Rows of one view: of one version, order, collapse and filter. */
export class RowWindows {
  readonly #options: RowWindowsOptions;
  readonly #windows = new Map<number, readonly TraceRow[]>();
  readonly #loading = new Map<number, AbortController>();
  /** Undefined until the first answer. */
  #total: number | undefined;
  #matches = 0;
  #failures = 0;
  #ended = false;

  constructor(options: RowWindowsOptions) {
    this.#options = options;
  }

  /** Rows in all, 0 before the first answer. */
  get total(): number {
    return this.#total ?? 0;
  }

  /** Whether there was an answer. */
  get ready(): boolean {
    return this.#total !== undefined;
  }

  get matches(): number {
    return this.#matches;
  }

  /** Undefined while it is on its way. */
  row(position: number): TraceRow | undefined {
    return this.#windows.get(Math.floor(position / windowRows))?.[position % windowRows];
  }

  /** Says which positions are looked at; they and their neighbours are loaded where they are not. */
  want(first: number, last: number): void {
    if (this.#ended) return;
    const from = Math.max(0, Math.floor(first / windowRows));
    const to = Math.max(from, Math.floor(last / windowRows));
    const end = this.#total === undefined ? 0 : Math.ceil(this.#total / windowRows) - 1;
    const wanted: number[] = [];
    for (let n = from; n <= to; n++) wanted.push(n);
    wanted.push(to + 1, from - 1);
    const useful = wanted.filter((n) => n >= 0 && n <= Math.max(end, 0));
    for (const [n, controller] of this.#loading) {
      if (useful.includes(n)) continue;
      controller.abort();
      this.#loading.delete(n);
    }
    for (const n of useful) {
      const kept = this.#windows.get(n);
      if (kept !== undefined) {
        this.#windows.delete(n);
        this.#windows.set(n, kept);
      } else if (!this.#loading.has(n) && this.#loading.size < mostLoading) {
        this.#load(n);
      }
    }
  }

  /** What is under way is given up; it is asked for again when it is wanted again. */
  release(): void {
    for (const controller of this.#loading.values()) controller.abort();
    this.#loading.clear();
  }

  #end(): void {
    this.#ended = true;
    this.release();
  }

  #load(n: number): void {
    const controller = new AbortController();
    this.#loading.set(n, controller);
    const { load, version, stale, changed, failed } = this.#options;
    load(n * windowRows, windowRows, controller.signal).then(
      (answer) => {
        if (controller.signal.aborted) return;
        this.#loading.delete(n);
        if (answer.version !== version) {
          this.#end();
          stale(answer.version);
          return;
        }
        this.#failures = 0;
        this.#total = answer.total;
        this.#matches = answer.matches;
        this.#windows.set(n, answer.rows);
        while (this.#windows.size > mostWindows) {
          this.#windows.delete(this.#windows.keys().next().value!);
        }
        changed();
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        this.#loading.delete(n);
        // What cannot be had is not asked for with each frame.
        if (++this.#failures >= 3) this.#end();
        failed(error);
      },
    );
  }
}
