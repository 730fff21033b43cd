import { LineMetrics, type LineRequest, type LineResult } from '../../wire/influx/line-metrics.ts';

/** Texts up to this size are converted at once. */
const smallBytes = 256 * 1024;

/** Makes metrics of one text after the other; other work of the program goes between steps. */
export class Conversions {
  readonly #metrics: LineMetrics;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  /** @param random a secret of this program, 32 bits */
  constructor(random: number) {
    this.#metrics = new LineMetrics(random);
  }

  /** `done` is called exactly once, for a small text at once; with LineLimit, or a bug's error. */
  run(bytes: Buffer, request: LineRequest, done: (result: LineResult | Error) => void): void {
    if (this.#waiting === 0 && bytes.length <= smallBytes) {
      done(settled(() => this.#metrics.convert(bytes, request)));
      return;
    }
    this.#waiting += 1;
    this.#last = this.#last.then(async () => {
      const result = await this.#inSteps(bytes, request);
      this.#waiting -= 1;
      done(result);
    });
  }

  async #inSteps(bytes: Buffer, request: LineRequest): Promise<LineResult | Error> {
    const steps = this.#metrics.steps(bytes, request);
    for (;;) {
      const result = settled(() => steps.next());
      if (result instanceof Error) return result;
      if (result.done) return result.value;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

function settled<T>(run: () => T): T | Error {
  try {
    return run();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
