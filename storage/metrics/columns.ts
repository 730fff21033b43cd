/** Samples under way: times in milliseconds, values by their halves of 32 bits. Grows by doubling. */
export class SampleColumns {
  length = 0;
  #times = new Float64Array(16);
  #values = new Float64Array(16);
  #halves = new Uint32Array(this.#values.buffer);

  /** Adds a sample; one of the time of the last replaces it. */
  put(timeMs: number, low: number, high: number): void {
    let at = this.length;
    if (at > 0 && this.#times[at - 1] === timeMs) at--;
    else if (at === this.#times.length) this.#grow();
    this.#times[at] = timeMs;
    this.#halves[at * 2] = low;
    this.#halves[at * 2 + 1] = high;
    this.length = at + 1;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    this.#times = times;
    const halves = new Uint32Array(this.#halves.length * 2);
    halves.set(this.#halves);
    this.#halves = halves;
    this.#values = new Float64Array(halves.buffer);
  }

  get times(): Float64Array {
    return this.#times.subarray(0, this.length);
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.length);
  }

  timeAt(index: number): number {
    return this.#times[index]!;
  }

  /** Adds sample `index` of another. */
  copy(from: SampleColumns, index: number): void {
    this.put(from.#times[index]!, from.#halves[index * 2]!, from.#halves[index * 2 + 1]!);
  }
}

/** All samples of several columns by time; of equal times the one of the last column stays. */
export function mergeColumns(parts: readonly SampleColumns[]): SampleColumns {
  if (parts.length === 1) return parts[0]!;
  const merged = new SampleColumns();
  const at = parts.map(() => 0);
  for (;;) {
    let next = Number.POSITIVE_INFINITY;
    for (const [i, part] of parts.entries()) {
      if (at[i]! < part.length) next = Math.min(next, part.timeAt(at[i]!));
    }
    if (next === Number.POSITIVE_INFINITY) return merged;
    for (const [i, part] of parts.entries()) {
      if (at[i]! < part.length && part.timeAt(at[i]!) === next) merged.copy(part, at[i]!++);
    }
  }
}
