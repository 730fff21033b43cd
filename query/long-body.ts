/** A text that is made as it is sent, so that its length takes no memory. */
export interface LongBody {
  /**
   * Rejects where `take` does, or where the rest cannot be made.
   * @param take gets the next piece; the one after it is made when it is done
   */
  write(take: (text: string) => Promise<void>): Promise<void>;
  /** Whether something was cut off, as far as it was written: more may be found out later. */
  readonly cutOff: boolean;
}
