/** Milliseconds between looks at the ring, at least and at most. */
const LEAST_MS = 10;
const MOST_MS = 50;
/** Bytes of records that are worth a look: a small part of the ring. */
const WORTH = 256 << 10;
/** Looks in quick succession after a program began: short ones are read before they are gone. */
const WATCHFUL_LOOKS = 20;

/** When to look at the ring next: seldom while little comes, so that a look has something to do. */
export class Pace {
  private ms = LEAST_MS;
  private watchful = WATCHFUL_LOOKS;

  /** A program began. */
  began(): void {
    this.watchful = WATCHFUL_LOOKS;
  }

  /**
   * @param bytes of records that came since the look before
   * @returns milliseconds until the next look
   */
  next(bytes: number): number {
    const wanted = bytes === 0 ? MOST_MS : (this.ms * WORTH) / bytes;
    const most = this.watchful > 0 ? LEAST_MS : MOST_MS;
    if (this.watchful > 0) this.watchful--;
    this.ms = Math.floor(Math.min(most, Math.max(LEAST_MS, wanted)));
    return this.ms;
  }
}
