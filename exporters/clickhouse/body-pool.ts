import type { Clock, MemoryBudget, Timer } from '../../component/settings.ts';

/** Smaller bodies cost nothing to make. */
const SMALL = 256 * 1024;
/** Part of the memory budget that the pool may have, in use or not. */
const BUDGET_PART = 1 / 4;
/** Milliseconds after which memory that nobody takes goes back. */
const IDLE_MS = 15_000;

/**
 * Memory of delivered blocks, for blocks to come: fresh pages cost about as much as encoding does,
 * and each hundred megabytes of them a garbage collection.
 *
 * The pool has reserved its memory in the process's budget for as long as it has it, so a queue
 * need not count bodies of the pool. Where the budget or the pool's part of it has no room, `take`
 * gives ordinary memory.
 */
export class BodyPool {
  readonly #budget: MemoryBudget;
  readonly #clock: Clock;
  #free: ArrayBuffer[] = [];
  readonly #mine = new WeakSet<ArrayBufferLike>();
  /** Bodies that are never given back (their batch was dropped) leave with the collector. */
  readonly #lost = new FinalizationRegistry<number>((bytes) => this.#release(bytes));
  #bytes = 0;
  #lastTakenMs = 0;
  #timer: Timer | undefined;
  #closed = false;

  constructor(budget: MemoryBudget, clock: Clock) {
    this.#budget = budget;
    this.#clock = clock;
  }

  /** At least `bytes` bytes of any content. */
  readonly take = (bytes: number): Uint8Array => {
    if (bytes < SMALL) return Buffer.allocUnsafeSlow(bytes);
    this.#lastTakenMs = this.#clock.monotonicMs();
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= bytes);
    if (at !== -1) return new Uint8Array(this.#free.splice(at, 1)[0]!);
    // What is too small by now would only take room.
    for (const buffer of this.#free.splice(0)) this.#drop(buffer);
    const size = bytes + (bytes >> 3);
    const most = this.#budget.limit * BUDGET_PART;
    if (this.#closed || this.#bytes + size > most || !this.#budget.tryReserve(size)) {
      return Buffer.allocUnsafeSlow(bytes);
    }
    const fresh = Buffer.allocUnsafeSlow(size).buffer;
    this.#bytes += size;
    this.#mine.add(fresh);
    this.#lost.register(fresh, size, fresh);
    return new Uint8Array(fresh);
  };

  /** Whether the memory of a body is the pool's, and so is reserved already. */
  owns(body: Uint8Array): boolean {
    return this.#mine.has(body.buffer);
  }

  /** Takes the memory of a body back, once nobody reads it; foreign memory is ignored. */
  give(body: Uint8Array): void {
    const buffer = body.buffer as ArrayBuffer;
    if (!this.#mine.has(buffer) || this.#free.includes(buffer)) return;
    if (this.#closed) {
      this.#drop(buffer);
      return;
    }
    this.#free.push(buffer);
    this.#free.sort((a, b) => a.byteLength - b.byteLength);
    this.#timer ??= this.#clock.after(IDLE_MS, () => this.#tidy());
  }

  /** Lets all memory go that is not in use, and from now on what is given back. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    for (const buffer of this.#free.splice(0)) this.#drop(buffer);
  }

  #tidy(): void {
    this.#timer = undefined;
    const idle = this.#clock.monotonicMs() - this.#lastTakenMs;
    if (idle >= IDLE_MS) for (const buffer of this.#free.splice(0)) this.#drop(buffer);
    else this.#timer = this.#clock.after(IDLE_MS - idle, () => this.#tidy());
  }

  #drop(buffer: ArrayBuffer): void {
    this.#mine.delete(buffer);
    this.#lost.unregister(buffer);
    this.#release(buffer.byteLength);
  }

  #release(bytes: number): void {
    this.#bytes -= bytes;
    this.#budget.release(bytes);
  }
}
