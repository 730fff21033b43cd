import type { Writer } from '../proto/writer.ts';

/** Field numbers of OTLP are below this. */
const fieldNumbers = 32;

/** Start and end of each field. */
const frameSize = fieldNumbers * 2;

/**
 * Where the fields of the messages that are open were written, so that what a key wrote can be
 * taken back when the key comes again. One frame for each open message; a message's frame is valid
 * while those of the messages inside it are closed.
 */
export class WrittenFields {
  #ranges = new Int32Array(frameSize * 16);
  #frame = -frameSize;

  /** A message begins. */
  open(): void {
    this.#frame += frameSize;
    if (this.#frame < this.#ranges.length) return;
    const grown = new Int32Array(this.#ranges.length * 2);
    grown.set(this.#ranges);
    this.#ranges = grown;
  }

  /** The innermost message ends. */
  close(): void {
    this.#frame -= frameSize;
  }

  /** Field `number` of the innermost message lies at [start, end) of what was written. */
  note(number: number, start: number, end: number): void {
    const at = this.#frame + number * 2;
    this.#ranges[at] = start;
    this.#ranges[at + 1] = end;
  }

  /**
   * Takes out what fields of the innermost message wrote.
   * @param bits those fields, by number
   * @param noted all that were noted
   */
  takeBack(out: Writer, bits: number, noted: number): void {
    for (let number = 1; number < fieldNumbers; number += 1) {
      if ((bits & (1 << number)) === 0) continue;
      const at = this.#frame + number * 2;
      const start = this.#ranges[at]!;
      const size = this.#ranges[at + 1]! - start;
      if (size === 0) continue;
      out.cut(start, start + size);
      this.#ranges[at + 1] = start;
      this.#moveBack(start, size, noted);
    }
  }

  /** What lay behind a field that was taken out lies `size` bytes nearer to the front. */
  #moveBack(from: number, size: number, noted: number): void {
    for (let number = 1; number < fieldNumbers; number += 1) {
      const at = this.#frame + number * 2;
      if ((noted & (1 << number)) === 0 || this.#ranges[at]! <= from) continue;
      this.#ranges[at]! -= size;
      this.#ranges[at + 1]! -= size;
    }
  }
}
