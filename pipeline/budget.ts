import type { MemoryBudget } from '../component/settings.ts';
import { parseByteSize } from '../config/schema/index.ts';

const mebibyte = 2 ** 20;

/** Least and most that {@link defaultBudgetBytes} gives. */
const budgetBounds = { least: 64 * mebibyte, most: 1024 * mebibyte } as const;

/**
 * The budget where none is configured: a quarter of the memory that the process may use, within
 * {@link budgetBounds}. A quarter, because the heap, the sockets' buffers and what the collector
 * has not yet given back take about as much again under overload.
 * @param hostBytes physical memory (`os.totalmem()`)
 * @param constrainedBytes limit of the control group (`process.constrainedMemory()`); 0 or more
 *   than the host has = none
 */
function defaultBudgetBytes(hostBytes: number, constrainedBytes: number): number {
  const limited = constrainedBytes > 0 && constrainedBytes < hostBytes;
  const quarter = Math.floor((limited ? constrainedBytes : hostBytes) / 4);
  return Math.min(budgetBounds.most, Math.max(budgetBounds.least, quarter));
}

/** Where a budget of the operator's choice is given; bytes, or a text such as `512MiB`. */
const budgetVariable = 'WIRESTITCH_MEMORY_BUDGET';

/**
 * The budget of this process: what {@link budgetVariable} says, else {@link defaultBudgetBytes}.
 * @throws Error when the variable holds no size of at least 1 MiB
 */
export function budgetBytes(
  env: Readonly<Record<string, string | undefined>>,
  hostBytes: number,
  constrainedBytes: number,
): number {
  const text = env[budgetVariable];
  if (text === undefined || text === '') return defaultBudgetBytes(hostBytes, constrainedBytes);
  const bytes = parseByteSize(text);
  if (bytes === undefined || bytes < mebibyte) {
    const example = 'expected a size of at least 1MiB, such as 512MiB';
    throw new Error(`cannot use ${budgetVariable}=${JSON.stringify(text)}: ${example}`);
  }
  return bytes;
}

/** Hears of what a budget gives and takes. `reserved` is what is still reserved in ArrayBuffers. */
export interface BudgetWatch {
  /** `bytes` were given back. */
  freed(bytes: number, reserved: number): void;
  /** At least {@link largeBytes} are about to be taken at once; `free` bytes will be left then. */
  wanted(free: number, reserved: number): void;
}

/** From this size on memory that is taken at once is told to a {@link BudgetWatch} before. */
export const largeBytes = mebibyte;

/** A budget of `limit` bytes; see {@link MemoryBudget}. */
export function createBudget(limit: number, watch?: BudgetWatch): MemoryBudget {
  if (!(limit > 0)) throw new Error(`BUG: memory budget of ${limit} bytes`);
  return new Budget(limit, watch);
}

class Budget implements MemoryBudget {
  readonly limit: number;
  #used = 0;
  /** Part of what is used. */
  #native = 0;

  readonly #watch: BudgetWatch | undefined;

  constructor(limit: number, watch: BudgetWatch | undefined) {
    this.limit = limit;
    this.#watch = watch;
  }

  get used(): number {
    return this.#used;
  }

  tryReserve(bytes: number, native = false): boolean {
    if (!(bytes >= 0)) throw new Error(`BUG: reservation of ${bytes} bytes`);
    const free = this.limit - this.#used - bytes;
    if (free < 0) return false;
    if (bytes >= largeBytes) this.#watch?.wanted(free, this.#used - this.#native);
    this.#used += bytes;
    if (native) this.#native += bytes;
    return true;
  }

  release(bytes: number, native = false): void {
    const most = native ? this.#native : this.#used - this.#native;
    if (!(bytes >= 0 && bytes <= most)) {
      throw new Error(`BUG: release of ${bytes} bytes of ${most} reserved`);
    }
    this.#used -= bytes;
    if (native) this.#native -= bytes;
    this.#watch?.freed(bytes, this.#used - this.#native);
  }
}
