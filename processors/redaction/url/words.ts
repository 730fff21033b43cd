import { letterPairs } from './letter-pairs.ts';

const symbols = 27;
/** Added to each count, so that a pair that was never seen is not impossible. */
const prior = 10;
/** Mean probability of a pair, up to which a word is no word; as github.com/grafana/clusterurl has it. */
const threshold = 0.015099318064947853;

/** Number of a letter or space, -1 for others. Letters count without case. */
function symbolOf(code: number): number {
  if (code === 32) return 26;
  const lower = code | 32;
  return lower >= 97 && lower <= 122 ? lower - 97 : -1;
}

/** Logarithms of how probable each letter is after each. */
function logarithms(): Float64Array {
  const table = new Float64Array(symbols * symbols);
  for (let first = 0; first < symbols; first += 1) {
    const row = letterPairs.slice(first * symbols, (first + 1) * symbols).map((n) => n + prior);
    const total = row.reduce((sum, n) => sum + n, 0);
    for (let i = 0; i < symbols; i += 1) {
      table[first * symbols + i] = Math.log(row[i]! / total);
    }
  }
  return table;
}

/**
 * Tells words from ids by how probable their letters are after one another in English. Characters
 * that are no letters do not count.
 */
export function wordTest(): (text: string) => boolean {
  const table = logarithms();
  return (text) => {
    let sum = 0;
    let pairs = 0;
    let before = -1;
    for (let i = 0; i < text.length; i += 1) {
      const symbol = symbolOf(text.charCodeAt(i));
      if (symbol < 0) continue;
      if (before >= 0) {
        sum += table[before * symbols + symbol]!;
        pairs += 1;
      }
      before = symbol;
    }
    return Math.exp(sum / Math.max(1, pairs)) > threshold;
  };
}
