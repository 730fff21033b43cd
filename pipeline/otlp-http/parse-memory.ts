import { PipelineError } from '../../component/errors.ts';
import type { MemoryBudget } from '../../component/settings.ts';
import type { WriterMemory } from '../../pdata/proto/writer.ts';
import { Code } from '../../wire/status/code.ts';

/** When a client that is refused for want of memory should come again. */
const retryMs = 1000;

/** Bytes of the index of a request, for each of its items; see pdata/tree.ts. */
const indexBytes = 30;

/** A request that takes more memory than this process may ever give it. */
export class TooLargeError extends PipelineError {
  constructor(bytes: number) {
    super(`request takes ${bytes} bytes in memory, more than there can be for it`, {
      retryable: false,
      status: Code.RESOURCE_EXHAUSTED,
    });
    this.name = 'TooLargeError';
  }
}

/**
 * What reading one request takes of the budget beside the request. Twice that has to fit: whoever
 * keeps the batch reserves it once more.
 */
export class ParseMemory implements WriterMemory {
  readonly #budget: MemoryBudget;
  /** What can ever be reserved. */
  readonly #most: number;
  #reserved = 0;

  /** @param bodyBytes of the request, which are reserved already */
  constructor(budget: MemoryBudget, bodyBytes: number) {
    this.#budget = budget;
    this.#most = (budget.limit - bodyBytes) / 2;
  }

  /** @throws PipelineError that can pass, TooLargeError that cannot */
  reserve(bytes: number): void {
    if (this.#reserved + bytes > this.#most) throw new TooLargeError(this.#reserved + bytes);
    if (!this.#budget.tryReserve(bytes)) {
      throw new PipelineError('no memory for the request now, try again later', {
        retryable: true,
        retryAfterMs: retryMs,
      });
    }
    this.#reserved += bytes;
  }

  /** The index of a request with many items for its bytes. */
  reserveIndex(items: number, requestBytes: number): void {
    const bytes = items * indexBytes - requestBytes;
    if (bytes > 0) this.reserve(bytes);
  }

  release(bytes: number): void {
    this.#reserved -= bytes;
    this.#budget.release(bytes);
  }

  /** Gives back all that is reserved. */
  end(): void {
    if (this.#reserved > 0) this.release(this.#reserved);
  }
}
