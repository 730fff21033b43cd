/** Disjoint sets over 0..n-1; the number of a set is its smallest member. */
export class DisjointSets {
  readonly #up: Int32Array;

  constructor(n: number) {
    this.#up = new Int32Array(n);
    for (let i = 0; i < n; i++) this.#up[i] = i;
  }

  find(i: number): number {
    let root = i;
    while (this.#up[root] !== root) root = this.#up[root]!;
    for (let at = i; at !== root; ) {
      const next = this.#up[at]!;
      this.#up[at] = root;
      at = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    const x = this.find(a);
    const y = this.find(b);
    if (x < y) this.#up[y] = x;
    else this.#up[x] = y;
  }
}

/** Values by key, in the order in which they came; those without a key are left out. */
export function groupBy<T, K extends string | number>(
  values: Iterable<T>,
  key: (value: T) => K | undefined,
): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const k = key(value);
    if (k === undefined) continue;
    const list = groups.get(k);
    if (list === undefined) groups.set(k, [value]);
    else list.push(value);
  }
  return groups;
}
