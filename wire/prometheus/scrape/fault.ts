/** An exposition that cannot be read: nothing of it counts. */
export class ScrapeFault extends Error {
  /** Byte of the body at which reading ended. */
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

/** Bytes of the body that a message quotes. */
const quoted = 80;

/** A fault at bytes [from, at]: what was expected, what stands there. */
export function faultAt(what: string, b: Buffer, from: number, at: number): ScrapeFault {
  const end = Math.min(b.length, at + 1);
  const start = Math.max(from, end - quoted);
  const text = JSON.stringify(b.toString('utf8', start, end));
  return new ScrapeFault(`${what} while parsing: ${text}`, at);
}
