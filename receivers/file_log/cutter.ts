import { type Splitter, trimEnd, trimStart } from '../../stanza/split.ts';

/** What of a file's end was seen, for entries that nothing finishes. */
export interface FlushState {
  /** Bytes of the unfinished entry; 0 = none. */
  length: number;
  /** Milliseconds on the monotonic clock at which it last grew. */
  changedMs: number;
}

/** What the cutter keeps of one file between looks. */
export interface CutState {
  readonly flush: FlushState;
  /** The rest of an entry that was too long is being left out. */
  skipping: boolean;
}

interface CutOptions {
  readonly maxSize: number;
  /** Entries that are too long lose their end; else they go on in the next one. */
  readonly truncate: boolean;
  /** Milliseconds; 0 = unfinished entries are never flushed. */
  readonly flushMs: number;
  readonly keepLeading: boolean;
  readonly keepTrailing: boolean;
}

/** Cuts entries: splitting, flushing what nothing finishes, limiting length, trimming. */
export class Cutter {
  /** After `next` said true: the entry's bytes. */
  from = 0;
  to = 0;
  /** Where the next entry begins. */
  end = 0;
  readonly #splitter: Splitter;
  readonly #options: CutOptions;

  constructor(splitter: Splitter, options: CutOptions) {
    this.#splitter = splitter;
    this.#options = options;
  }

  /**
   * Looks for an entry in `data[start, stop)`.
   * @param whole whether the file has no more bytes now
   * @returns whether there is one; `end` says how far bytes are used up in any case
   */
  next(
    data: Buffer,
    start: number,
    stop: number,
    whole: boolean,
    state: CutState,
    nowMs: number,
  ): boolean {
    this.end = start;
    const { maxSize, truncate } = this.#options;
    const found = this.#flushed(data, start, stop, whole, state.flush, nowMs);
    const s = this.#splitter;
    if (truncate && state.skipping) {
      if (found) {
        state.skipping = false;
        this.end = this.#end;
      } else if (stop - start >= maxSize) this.end = stop;
      return found ? this.#empty() : false;
    }
    if (!found) {
      if (stop - start < maxSize) return false;
      if (truncate) state.skipping = true;
      return this.#entry(data, start, start + maxSize, start + maxSize);
    }
    if (this.#to - this.#from > maxSize) {
      const to = this.#from + maxSize;
      return this.#entry(data, this.#from, to, truncate ? s.end : start + maxSize);
    }
    return this.#entry(data, this.#from, this.#to, this.#end);
  }

  #from = 0;
  #to = 0;
  #end = 0;

  #flushed(
    data: Buffer,
    start: number,
    stop: number,
    whole: boolean,
    flush: FlushState,
    nowMs: number,
  ): boolean {
    const s = this.#splitter;
    if (s.next(data, start, stop, whole)) {
      this.#from = s.from;
      this.#to = s.to;
      this.#end = s.end;
      flush.length = 0;
      flush.changedMs = nowMs;
      return true;
    }
    const { flushMs } = this.#options;
    if (!whole || flushMs <= 0) return false;
    const length = stop - start;
    if (length === 0 || length > flush.length) {
      flush.length = length;
      if (length > 0) flush.changedMs = nowMs;
      return false;
    }
    if (nowMs - flush.changedMs <= flushMs) return false;
    flush.length = 0;
    flush.changedMs = nowMs;
    this.#from = start;
    this.#to = stop;
    this.#end = stop;
    return true;
  }

  #empty(): true {
    this.from = this.end;
    this.to = this.end;
    return true;
  }

  #entry(data: Buffer, from: number, to: number, end: number): true {
    const { keepLeading, keepTrailing } = this.#options;
    this.to = keepTrailing ? to : trimEnd(data, from, to);
    this.from = keepLeading ? from : trimStart(data, from, this.to);
    this.end = end;
    return true;
  }
}
