/** Somewhere that messages are written to, one after the other. */
export interface Output {
  /** Whether it was closed: another has to be opened. */
  readonly closed: boolean;
  /**
   * Writes a message, whole or not at all; resolves when the file or its buffer has it.
   * @param parts its bytes, which are not kept
   * @param lost is called when the buffer had it and cannot be written at the end
   * @throws TooLarge, or an Error of the file system
   */
  write(parts: readonly Uint8Array[], lost: () => void): Promise<void>;
  /** Writes what is buffered and closes; nothing is written afterwards. Safe twice. */
  close(): Promise<void>;
}

/** A message that no file may hold. */
export class TooLarge extends Error {}

/** Runs tasks one after the other. */
export class Sequence {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task);
    this.#last = result.catch(() => {});
    return result;
  }
}
