import type { MemoryBudget } from '../component/settings.ts';

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
