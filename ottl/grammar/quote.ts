const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

const numeric = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/y;

/**
 * The text of a string token with Go's escapes: `\n`, `\x41`, `\u00e9`, `\101` ... A byte escape
 * stands for the character of that number.
 *
 * @param token with its quotation marks
 * @returns undefined when an escape is not one
 */
export function unquote(token: string): string | undefined {
  const end = token.length - 1;
  if (!token.includes('\\')) return token.slice(1, end);
  let out = '';
  for (let at = 1; at < end; ) {
    const char = token[at]!;
    if (char !== '\\') {
      out += char;
      at += 1;
      continue;
    }
    const simple = simpleEscapes[token[at + 1]!];
    if (simple !== undefined) {
      out += simple;
      at += 2;
      continue;
    }
    numeric.lastIndex = at;
    const match = numeric.exec(token);
    const code = match === null ? -1 : codeOf(match);
    if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
    out += String.fromCodePoint(code);
    at += match![0].length;
  }
  return out;
}

function codeOf([, byte, short, long, octal]: RegExpExecArray): number {
  if (octal === undefined) return Number.parseInt(byte ?? short ?? long ?? '', 16);
  const code = Number.parseInt(octal, 8);
  return code > 255 ? -1 : code;
}

/** Escapes that Go writes for characters, quotation marks aside. */
export const escapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

/** A text in quotation marks as Go's %q prints it. */
export function quote(text: string): string {
  let out = '"';
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (char === '"') out += '\\"';
    else if (escapes[char] !== undefined) out += escapes[char];
    else if (code < 32 || code === 127) out += `\\x${code.toString(16).padStart(2, '0')}`;
    else out += char;
  }
  return `${out}"`;
}
