/** A parser of one capture format over a window of bytes that starts at a record boundary. */
export interface FormatParser {
  /**
   * Reads whole records from `bytes[start, end)`.
   * @param offset file offset of `start`, for messages
   * @returns bytes taken (the rest is passed again, with more behind it) and, in `skip`, bytes
   *   after those that need not be kept
   * @throws CaptureFileError
   */
  read(bytes: Uint8Array, start: number, end: number, offset: number): number;
  /** Bytes that follow what `read` took and are to be passed over unseen. */
  skip: number;
  /** What was expected next, given `left` bytes that form no record; for the truncation message. */
  expected(bytes: Uint8Array, start: number, end: number): string;
}
