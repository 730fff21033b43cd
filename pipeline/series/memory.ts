import type { MemoryBudget } from '../../component/settings.ts';

/** What a state that grows and shrinks has reserved of the memory budget. */
export class StateMemory {
  readonly #budget: MemoryBudget;
  #reserved = 0;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  /** Reserves `bytes` in all. @returns false when they do not fit: what was reserved stays */
  resize(bytes: number): boolean {
    const missing = bytes - this.#reserved;
    if (missing < 0) this.#budget.release(-missing);
    else if (missing > 0 && !this.#budget.tryReserve(missing)) return false;
    this.#reserved = bytes;
    return true;
  }

  /** Goes on with what another has reserved; nothing may be reserved here yet. */
  takeOver(other: StateMemory): void {
    this.#reserved = other.#reserved;
    other.#reserved = 0;
  }
}
