/**
 * A capture file that cannot be read further: wrong magic, lying lengths, truncation. Packets
 * before `offset` were good and have been handed out.
 */
export class CaptureFileError extends Error {
  /** Byte offset in the file at which the fault was found. */
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(`cannot read capture file at byte ${offset}: ${message}`);
    this.name = 'CaptureFileError';
    this.offset = offset;
  }
}
