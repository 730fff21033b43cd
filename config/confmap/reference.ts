/** A `${body}` inside a text. */
export interface Reference {
  /** Index of `$`. */
  readonly start: number;
  /** Index after `}`. */
  readonly end: number;
  readonly body: string;
}

/**
 * The first innermost reference that is not escaped: the first `}` and the last `${` before it.
 * `$${` is escaped, `$$${` is an escaped dollar and a reference.
 * @param from index to start at
 */
export function findReference(text: string, from: number): Reference | undefined {
  let start = from;
  for (;;) {
    const close = text.indexOf('}', start);
    if (close < 0) return undefined;
    const open = text.lastIndexOf('${', close);
    if (open >= start) {
      let dollars = 1;
      while (open - dollars >= start && text[open - dollars] === '$') dollars++;
      if (dollars % 2 === 1) {
        return { start: open, end: close + 1, body: text.slice(open + 2, close) };
      }
    }
    start = close + 1;
  }
}
