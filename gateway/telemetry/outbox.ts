/** How much waits, and when it is time to send. */
export interface OutboxOptions {
  /** More than so many that wait are dropped. */
  readonly maxWaiting: number;
  /** So many are sent at once, and as soon as there are so many. */
  readonly batchSize: number;
}

/** Own spans or log records that wait for one of the processors that send them. */
export class Outbox<T> {
  readonly #options: OutboxOptions;
  #waiting: T[] = [];
  #full: () => void = () => {};
  /** Those that found no room. */
  dropped = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @param full called when there are enough for a batch */
  whenFull(full: () => void): void {
    this.#full = full;
    if (this.#waiting.length >= this.#options.batchSize) full();
  }

  add(one: T): void {
    if (this.#waiting.length >= this.#options.maxWaiting) {
      this.dropped += 1;
      return;
    }
    this.#waiting.push(one);
    if (this.#waiting.length === this.#options.batchSize) this.#full();
  }

  /** What waits, in pieces; it is forgotten as it is taken. */
  *take(): Generator<readonly T[]> {
    while (this.#waiting.length > 0) yield this.#waiting.splice(0, this.#options.batchSize);
  }
}

interface BatchKeys {
  readonly max_queue_size?: number | undefined;
  readonly max_export_batch_size?: number | undefined;
}

/** OpenTelemetry's defaults for batches of spans and of log records. */
const defaults = { maxWaiting: 2048, batchSize: 512 };

/** An outbox for each of `processors`; `simple` ones send each item at once. */
export function outboxesOf<T>(
  processors: readonly { readonly batch?: BatchKeys | undefined }[],
): Outbox<T>[] {
  return processors.map(({ batch }) => {
    if (batch === undefined) return new Outbox({ ...defaults, batchSize: 1 });
    const maxWaiting = batch.max_queue_size || defaults.maxWaiting;
    const batchSize = Math.min(batch.max_export_batch_size || defaults.batchSize, maxWaiting);
    return new Outbox({ maxWaiting, batchSize });
  });
}
