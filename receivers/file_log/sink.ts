import type { Logs } from '../../pdata/batch.ts';
import type { LogFile } from './log-file.ts';

/** Turns the bytes of entries into log records. */
export interface Sink {
  /** Records that `take` would give now. */
  readonly pending: number;
  /** About how many bytes they are. */
  readonly bytes: number;
  /** Called before the entries of a file come, after those of another. */
  begin(file: LogFile): void;
  /**
   * One entry, not empty. The bytes are used again after the call.
   * @param offset of its first byte in the file
   * @param record its number in the file, from 1
   */
  add(data: Buffer, from: number, to: number, offset: number, record: number): void;
  /** Everything added so far as a batch; undefined when there is nothing. */
  take(): Logs | undefined;
  /** Hands on what waits for its end for too long; the rest too when `all`. */
  flush(all: boolean): void;
  /** The first byte of each file that is not in a batch yet; absent = none. */
  held(): ReadonlyMap<object, number>;
}
