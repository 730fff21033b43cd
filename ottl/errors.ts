/** A statement, condition or expression that cannot be compiled. */
export class OttlError extends Error {
  /** Where in the text, counted from 1; 0 = the fault has no place. */
  readonly column: number;

  constructor(message: string, column = 0) {
    super(message);
    this.name = 'OttlError';
    this.column = column;
  }
}

/**
 * A statement that failed on one item: a value of the wrong type, an index out of bounds. Never
 * carries a stack: failing items are ordinary.
 */
export class OttlRuntimeError extends Error {
  constructor(message: string) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = limit;
    this.name = 'OttlRuntimeError';
  }
}
