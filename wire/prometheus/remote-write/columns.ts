/** Unsigned 32-bit numbers, appended one by one. */
export class Uint32Column {
  /** Longer than `length` mostly. */
  values: Uint32Array;
  length = 0;

  /** @param capacity what is expected to come */
  constructor(capacity: number) {
    this.values = new Uint32Array(Math.max(8, capacity));
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const wider = new Uint32Array(this.values.length * 2);
      wider.set(this.values);
      this.values = wider;
    }
    this.values[this.length] = value;
    this.length += 1;
  }
}

/** Doubles, appended one by one. */
export class Float64Column {
  /** Longer than `length` mostly. */
  values: Float64Array;
  length = 0;

  /** @param capacity what is expected to come */
  constructor(capacity: number) {
    this.values = new Float64Array(Math.max(8, capacity));
  }

  push(value: number): void {
    if (this.length === this.values.length) {
      const wider = new Float64Array(this.values.length * 2);
      wider.set(this.values);
      this.values = wider;
    }
    this.values[this.length] = value;
    this.length += 1;
  }
}
