const simple: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
};

const coded = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})/y;

/**
 * The text that a Go literal stands for: in double quotes, back quotes, or one character in single
 * quotes (strconv.Unquote).
 * @throws Error
 */
export function unquote(literal: string): string {
  const invalid = new Error('invalid syntax');
  const quote = literal[0];
  if (literal.length < 2 || literal.at(-1) !== quote) throw invalid;
  const inner = literal.slice(1, -1);
  if (quote === '`') {
    if (inner.includes('`')) throw invalid;
    return inner.replaceAll('\r', '');
  }
  if ((quote !== '"' && quote !== "'") || inner.includes('\n')) throw invalid;
  const bytes: (Buffer | number)[] = [];
  let count = 0;
  for (let at = 0; at < inner.length; count += 1) {
    const c = inner[at]!;
    if (c === quote) throw invalid;
    if (c !== '\\') {
      const whole = String.fromCodePoint(inner.codePointAt(at)!);
      bytes.push(Buffer.from(whole));
      at += whole.length;
      continue;
    }
    const next = inner[at + 1] ?? '';
    const known = simple[next] ?? (next === quote ? next.charCodeAt(0) : undefined);
    if (known !== undefined) {
      bytes.push(known);
      at += 2;
      continue;
    }
    coded.lastIndex = at + 1;
    const found = coded.exec(inner);
    if (found === null) throw invalid;
    bytes.push(codeBytes(found, invalid));
    at += 1 + found[0].length;
  }
  if (quote === "'" && count !== 1) throw invalid;
  return Buffer.concat(bytes.map((b) => (typeof b === 'number' ? Buffer.of(b) : b))).toString();
}

function codeBytes(found: RegExpExecArray, invalid: Error): Buffer | number {
  const [, hex, short, long, octal] = found;
  if (hex !== undefined) return Number.parseInt(hex, 16);
  if (octal !== undefined) {
    const value = Number.parseInt(octal, 8);
    if (value > 255) throw invalid;
    return value;
  }
  const code = Number.parseInt((short ?? long)!, 16);
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw invalid;
  return Buffer.from(String.fromCodePoint(code));
}
