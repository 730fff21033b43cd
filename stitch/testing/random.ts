export interface Random {
  /** 0 to below `limit`. */
  upTo(limit: number): number;
  chance(share: number): boolean;
  pick<T>(...of: readonly T[]): T;
  hex(digits: number): string;
}

/** Numbers that a seed decides (mulberry32). */
export function random(seed: number): Random {
  let a = seed >>> 0;
  const next = (): number => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const word = (): string => (next() * 4294967296).toString(16).split('.')[0]!.padStart(8, '1');
  return {
    upTo: (limit) => next() * limit,
    chance: (share) => next() < share,
    pick: (...of) => of[Math.floor(next() * of.length)]!,
    hex(digits) {
      let out = '';
      while (out.length < digits) out += word();
      return out.slice(0, digits);
    },
  };
}
