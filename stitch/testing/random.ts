import { seededWords } from '../../testing/random.ts';

export interface Random {
  /** 0 to below `limit`. */
  upTo(limit: number): number;
  chance(share: number): boolean;
  pick<T>(...of: readonly T[]): T;
  hex(digits: number): string;
}

/** Numbers that a seed decides. */
export function random(seed: number): Random {
  const words = seededWords(seed);
  const next = (): number => words() / 4294967296;
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
