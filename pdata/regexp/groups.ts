// quoted text, an escape, a class, or the opening of a group that captures
const token =
  /\\Q[\s\S]*?(?:\\E|$)|\\[\s\S]|\[\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*\]|\(\?P?<([^>]*)>|\((?!\?)/g;

/** A pattern whose groups have lost their names, and the names. */
export function withoutNames(pattern: string): { nameless: string; names: string[] } {
  const names: string[] = [];
  const nameless = pattern.replace(token, (whole: string, name: string | undefined) => {
    if (!whole.startsWith('(')) return whole;
    names.push(name ?? '');
    return '(';
  });
  return { nameless, names };
}

/** A pattern in which only groups with a name capture. */
export function onlyNamedGroups(pattern: string): string {
  return pattern.replace(token, (whole: string) => (whole === '(' ? '(?:' : whole));
}
