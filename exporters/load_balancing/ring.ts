import { crc32 } from 'node:zlib';

/** A circle in hundredths of a degree. */
const positions = 36_000;
/** Places that each backend has on it. */
const pointsEach = 100;

/**
 * A consistent hash ring (Karger et al.), the same as the Go collector's: CRC-32 of a name gives
 * its place, and the next backend on the ring has it.
 */
export class Ring {
  readonly endpoints: readonly string[];
  /** The backend of each position, an index into `endpoints`; -1 without any. */
  readonly #owners: Int32Array;

  /** @param endpoints in order: where two have one place, the first has it */
  constructor(endpoints: readonly string[]) {
    this.endpoints = endpoints;
    this.#owners = new Int32Array(positions).fill(-1);
    endpoints.forEach((endpoint, i) => {
      const name = Buffer.from(`${endpoint}\0`, 'utf8');
      for (let n = 0; n < pointsEach; n += 1) {
        name[name.length - 1] = n;
        const at = crc32(name) % positions;
        if (this.#owners[at] === -1) this.#owners[at] = i;
      }
    });
    this.#fill();
  }

  /** Gives positions without a backend to the next one that has. */
  #fill(): void {
    let next = this.#owners.find((owner) => owner >= 0) ?? -1;
    for (let at = positions - 1; at >= 0; at -= 1) {
      if (this.#owners[at]! >= 0) next = this.#owners[at]!;
      else this.#owners[at] = next;
    }
  }

  /** Index of the backend for a name; -1 = there are none. */
  of(name: Uint8Array | string): number {
    return this.#owners[crc32(name) % positions]!;
  }
}
