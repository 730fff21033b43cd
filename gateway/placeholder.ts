import type { MemoryBudget } from '../component/settings.ts';
import type { LedgerBook } from './graph/environment.ts';

export function createLedger(): LedgerBook {
  const nothing = () => {};
  const node = { dropped: nothing, held: nothing, created: nothing, delivered: nothing };
  return { node: () => node, edge: () => nothing };
}

export function createBudget(limit: number): MemoryBudget {
  let used = 0;
  return {
    limit,
    get used() {
      return used;
    },
    tryReserve(bytes) {
      if (used + bytes > limit) return false;
      used += bytes;
      return true;
    },
    release(bytes) {
      used -= bytes;
    },
  };
}
