/**
 * The first innermost reference `${body}` of a text: the first `}` and the last `${` before it.
 * A reference with an odd number of dollars before it is escaped, and nothing after it is looked
 * at, as in the Go collector.
 * @returns the reference with its braces, or undefined
 */
export function findReference(text: string): string | undefined {
  let rest = text;
  for (;;) {
    const close = rest.indexOf('}');
    if (close < 0) return undefined;
    const open = rest.slice(0, close + 1).lastIndexOf('${');
    if (open < 0) {
      rest = rest.slice(close + 1);
      continue;
    }
    let dollars = 0;
    while (rest[open - 1 - dollars] === '$') dollars++;
    return dollars % 2 === 1 ? undefined : rest.slice(open, close + 1);
  }
}
