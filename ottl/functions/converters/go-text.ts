/** White space as Go's unicode.IsSpace sees it. */
const goSpace =
  '[\\t\\n\\v\\f\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const outerSpace = new RegExp(`^${goSpace}+|${goSpace}+$`, 'g');

/** A text without white space at its ends (strings.TrimSpace). */
export function trimSpace(text: string): string {
  return text.replace(outerSpace, '');
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 127) return false;
  return true;
}

/** Lower case, letter by letter (strings.ToLower): no letter becomes two, none looks at others. */
export function toLower(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  let out = '';
  for (const char of text) out += char === 'İ' ? 'i' : char.toLowerCase();
  return out;
}

/** Upper case, letter by letter (strings.ToUpper): `ß` stays. */
export function toUpper(text: string): string {
  if (isAscii(text)) return text.toUpperCase();
  let out = '';
  for (const char of text) {
    const upper = char.toUpperCase();
    out += upper.length === char.length ? upper : iotaUpper(char);
  }
  return out;
}

/** Greek letters with iota below have a capital of one letter besides that of two. */
function iotaUpper(char: string): string {
  const code = char.codePointAt(0)!;
  if (code >= 0x1f80 && code <= 0x1faf) return String.fromCodePoint(code | 8);
  const capital = ({ ᾳ: 'ᾼ', ῃ: 'ῌ', ῳ: 'ῼ' } as Record<string, string>)[char];
  return capital ?? char;
}

/** Order of two texts by their UTF-8 bytes: -1, 0 or 1. */
export function compareUtf8(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // beside each other surrogates count as more than U+E000..U+FFFF
    const high = (code: number): number =>
      code >= 0xd800 && code < 0xe000 ? code + 0x10000 : code;
    return high(x) < high(y) ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

const isCapital = (code: number): boolean => code >= 65 && code <= 90;
const isSmall = (code: number): boolean => code >= 97 && code <= 122;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;
const isSeparator = (char: string): boolean => ' _-.'.includes(char);

/** `some_name` as `SomeName`: ASCII letters and digits stay, what follows another is a capital. */
export function camelCase(input: string): string {
  const text = trimSpace(input);
  let out = '';
  let capitalNext = true;
  let afterCapital = false;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    const capital = isCapital(code);
    const small = isSmall(code);
    if (capital || small) {
      if (capitalNext) out += text[i]!.toUpperCase();
      else out += afterCapital && capital ? text[i]!.toLowerCase() : text[i]!;
      // a letter that was made a capital here does not count as one
      capitalNext = false;
    } else if (isDigit(code)) {
      out += text[i];
      capitalNext = true;
    } else capitalNext = isSeparator(text[i]!);
    afterCapital = capital;
  }
  return out;
}

/** `someName` as `some_name`: an underscore where the kind of letter changes, acronyms kept whole. */
export function snakeCase(input: string): string {
  const text = trimSpace(input);
  let out = '';
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
    const capital = isCapital(code);
    const char = capital ? text[i]!.toLowerCase() : text[i]!;
    const changes =
      (capital && (isSmall(next) || isDigit(next))) ||
      (isSmall(code) && (isCapital(next) || isDigit(next))) ||
      (isDigit(code) && (isCapital(next) || isSmall(next)));
    if (!changes) {
      out += isSeparator(char) ? '_' : char;
      continue;
    }
    if (capital && isSmall(next) && i > 0 && isCapital(text.charCodeAt(i - 1))) out += '_';
    out += capital && !isDigit(next) ? char : `${char}_`;
  }
  return out;
}
