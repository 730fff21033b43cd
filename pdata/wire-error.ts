/**
 * Bad input: bytes that are not a valid request. Never thrown for anything else.
 * The message says what could not be read, where and why, e.g. `cannot read
 * ResourceSpans.scope_spans[0].spans[3].trace_id at byte 123: length 15, expected 0 or 16`.
 */
export class WireError extends Error {
  /** Byte of the request where reading stopped. */
  readonly offset: number;
  /** Path of the field, snake_case, repeated fields with their index; '' for the request itself. */
  readonly path: string;

  constructor(message: string, offset: number, path: string) {
    super(message);
    this.name = 'WireError';
    this.offset = offset;
    this.path = path;
  }
}
