/** A count of an exponential bucket to be put in explicit ones. */
export interface Share {
  readonly count: bigint;
  readonly upper: number;
  readonly lower: number;
  readonly bounds: readonly number[];
  /** One for each bound; added to. */
  readonly counts: bigint[];
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** The explicit buckets that a bucket reaches into. */
function reach({ lower, upper, bounds }: Share): readonly [start: number, end: number] {
  const from = bounds.findIndex((bound) => lower <= bound);
  const start = from < 0 ? bounds.length : from;
  const to = bounds.findIndex((bound, i) => i >= start && upper <= bound);
  return [start, Math.min(to < 0 ? bounds.length : to, bounds.length - 1)];
}

function byUpper({ count, upper, bounds, counts }: Share): void {
  const at = bounds.findIndex((bound) => upper <= bound);
  counts[at < 0 ? bounds.length - 1 : at]! += count;
}

function byMidpoint({ count, upper, lower, bounds, counts }: Share): void {
  const middle = (upper + lower) / 2;
  const at = bounds.findIndex((bound) => middle <= bound);
  counts[at < 0 ? bounds.length - 1 : Math.max(0, at - 1)]! += count;
}

function uniformly(share: Share): void {
  const { count, counts } = share;
  const [start, end] = reach(share);
  if (end <= start) {
    counts[start]! += count;
    return;
  }
  const buckets = BigInt(end - start + 1);
  let rest = count % buckets;
  for (let i = start; i <= end; i += 1) {
    counts[i]! += count / buckets + (rest > 0n ? 1n : 0n);
    rest -= rest > 0n ? 1n : 0n;
  }
}

function randomly(share: Share): void {
  const { count, counts, upper, lower, bounds, random } = share;
  const [start, end] = reach(share);
  if (end <= start) {
    counts[start]! += count;
    return;
  }
  let left = count;
  for (let i = start; i <= end; i += 1) {
    const from = i === 0 ? lower : bounds[i - 1]!;
    const overlap = Math.min(bounds[i]!, upper) - Math.max(from, lower);
    const most = Math.trunc(Number(count) * (overlap / (upper - lower)));
    const given = BigInt(Math.max(0, Math.trunc(random() * most)));
    counts[i]! += given;
    left -= given;
  }
  // what is left goes in equal parts, its remainder by chance: counts may be huge
  const buckets = BigInt(end - start + 1);
  const each = left / buckets;
  for (let i = start; i <= end; i += 1) counts[i]! += each;
  for (let rest = left - each * buckets; rest > 0n; rest -= 1n) {
    counts[start + Math.floor(random() * (end - start + 1))]! += 1n;
  }
}

/** Ways to put a count in the buckets that its own reaches into. */
export const distributions: Readonly<Record<string, (share: Share) => void>> = {
  upper: byUpper,
  midpoint: byMidpoint,
  uniform: uniformly,
  random: randomly,
};
