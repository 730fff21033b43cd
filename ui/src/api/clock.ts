/** The program's clock: that of the machine with the browser may be another. */
import type { ProgramInfo } from '../../../query/web/contract/program.ts';
import { get } from './client.ts';

/** Differences below this are the time an answer took, ms. */
const leastSkewMs = 1000;

/** Tells the time as the program would. */
export class ProgramClock {
  readonly #ask: () => Promise<string>;
  readonly #browserMs: () => number;
  #skewMs = 0;
  #asked: Promise<void> | undefined;

  /**
   * @param ask gives the program's time, decimal nanoseconds since 1970
   * @param browserMs milliseconds since 1970
   */
  constructor(ask: () => Promise<string>, browserMs: () => number) {
    this.#ask = ask;
    this.#browserMs = browserMs;
  }

  /** The program has just said what time it is. */
  heard(nowUnixNano: string): void {
    const skewMs = Number(BigInt(nowUnixNano) / 1_000_000n) - this.#browserMs();
    this.#skewMs = Math.abs(skewMs) < leastSkewMs ? 0 : skewMs;
    this.#asked ??= Promise.resolve();
  }

  /** Milliseconds since 1970, by what was heard so far. */
  nowMs(): number {
    return this.#browserMs() + this.#skewMs;
  }

  /** As `nowMs`, and first asks the program if it has not said anything yet; never rejects. */
  async now(): Promise<number> {
    this.#asked ??= this.#ask().then(
      (nowUnixNano) => this.heard(nowUnixNano),
      () => {
        this.#asked = undefined;
      },
    );
    await this.#asked;
    return this.nowMs();
  }
}

/** The clock of the program that serves the page. */
export const programClock = new ProgramClock(
  async () => (await get<ProgramInfo>('/api/v1/info')).nowUnixNano,
  () => Date.now(),
);
