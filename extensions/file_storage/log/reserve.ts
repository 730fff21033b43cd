import type { LogFiles } from './files.ts';
import { type Crc, encodeSegmentHeader, segmentHeaderBytes } from './format.ts';
import { newSegment, type Segment, segmentName } from './segments.ts';

const name = 'reserve';
const chunkBytes = 2 ** 18;

/**
 * A file of zeros whose blocks are allocated. On a full disk it becomes a segment: overwriting
 * needs no space, so that sealed records and acknowledgements can be written, and with them old
 * segments can go. (Not on file systems that copy on write.)
 */
export class Reserve {
  readonly #files: LogFiles;
  readonly #bytes: number;
  #available = false;
  #segment: Segment | undefined;

  constructor(files: LogFiles, bytes: number) {
    this.#files = files;
    this.#bytes = bytes;
  }

  /** Whether there is a file of zeros. */
  get available(): boolean {
    return this.#available;
  }

  /** The segment that was made of it and is in use. */
  get segment(): Segment | undefined {
    return this.#segment;
  }

  /** Allocates the file. @returns whether it is there */
  async create(): Promise<boolean> {
    if (this.#available || this.#bytes === 0) return true;
    try {
      const known = (await this.#files.list()).includes(name);
      if (known && (await this.#files.size(name)) >= this.#bytes) {
        this.#available = true;
        return true;
      }
      await this.#fill();
      this.#available = true;
    } catch {
      await this.#files.remove(name).catch(() => {});
    }
    return this.#available;
  }

  /**
   * Makes a segment of the file.
   * @param adopt called as soon as the segment has its name
   */
  async use(number: number, crc: Crc, adopt: (segment: Segment) => void): Promise<Segment> {
    const target = segmentName(number);
    this.#available = false;
    await this.#files.rename(name, target);
    const file = await this.#files.open(target);
    const segment = newSegment(number, target, file, segmentHeaderBytes);
    this.#segment = segment;
    adopt(segment);
    await file.write(0, [encodeSegmentHeader(number, crc)]);
    return segment;
  }

  /** Ends the use of the segment. */
  retire(): Segment | undefined {
    const segment = this.#segment;
    this.#segment = undefined;
    return segment;
  }

  async close(): Promise<void> {
    this.#segment = undefined;
  }

  async #fill(): Promise<void> {
    const file = await this.#files.open(name);
    const zeros = Buffer.alloc(Math.min(chunkBytes, this.#bytes));
    try {
      for (let at = 0; at < this.#bytes; at += zeros.length) {
        await file.write(at, [zeros.subarray(0, Math.min(zeros.length, this.#bytes - at))]);
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }
}
