/** The bytes that all logs of one storage have on disk, and how many they may have. */
export class Quota {
  /** 0 = no limit but the disk. */
  readonly maxBytes: number;
  #used = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  get used(): number {
    return this.#used;
  }

  fits(bytes: number): boolean {
    return this.maxBytes === 0 || this.#used + bytes <= this.maxBytes;
  }

  add(bytes: number): void {
    this.#used += bytes;
  }
}
