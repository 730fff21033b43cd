/**
 * SQL without its values: literals become `?`, comments go, white space is one space. What cannot
 * be told apart counts as a value, and a text cut in the middle of one shows nothing of it.
 */

const CR = 13;
const TAB = 9;
const SPACE = 32;
const DOUBLE = 0x22;
const HASH = 0x23;
const DOLLAR = 0x24;
const QUOTE = 0x27;
const STAR = 0x2a;
const MINUS = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const BACKTICK = 0x60;

const TRACE_COMMENT = /\btraceparent='[0-9a-f-]{1,64}'/;
const IN_LIST = /\b(in)\s?\(\s?\?(?:\s?,\s?\?)+\s?\)/gi;
const VALUE = String.raw`(?:\?|NULL|DEFAULT)`;
const TUPLE = String.raw`\(\s?${VALUE}(?:\s?,\s?${VALUE})*\s?\)`;
const TUPLES = new RegExp(String.raw`(${TUPLE})(?:\s?,\s?${TUPLE})+`, 'gi');

/**
 * Replaces the literals of a statement: strings (in double quotes too, which are strings in MySQL
 * unless told otherwise), numbers, hex and bit values. Lists in IN become `(?)`, rows of VALUES
 * after the first `...`. Of comments only one with a `traceparent` stays, reduced to that.
 */
export function obfuscateSql(sql: string): string {
  const text = new Scanner(sql).run();
  return text.replace(IN_LIST, '$1 (?)').replace(TUPLES, '$1, ...');
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

/** Part of a name or number; everything beyond ASCII may be in names. */
function isWord(c: number): boolean {
  return (
    (c >= 0x61 && c <= 0x7a) ||
    (c >= 0x41 && c <= 0x5a) ||
    isDigit(c) ||
    c === 0x5f ||
    c === DOLLAR ||
    c === 0x40 ||
    c >= 0x80
  );
}

function isSpace(c: number): boolean {
  return c === SPACE || (c >= TAB && c <= CR);
}

/** One pass over a statement. */
class Scanner {
  private readonly sql: string;
  private readonly out: string[] = [];
  private at = 0;
  /** White space or a comment was left out since the last token. */
  private gap = false;
  /** Inside a version comment: code that MySQL runs. */
  private inVersion = false;

  constructor(sql: string) {
    this.sql = sql;
  }

  run(): string {
    while (this.at < this.sql.length) this.token();
    return this.out.join('');
  }

  private token(): void {
    const { sql, at } = this;
    const c = sql.charCodeAt(at);
    const next = sql.charCodeAt(at + 1);
    if (isSpace(c) || c === 0) this.skip(1);
    else if (c === HASH) this.skip(this.endOf('\n', 1) - at);
    else if (c === MINUS && next === MINUS && this.isDashComment()) {
      this.skip(this.endOf('\n', 2) - at);
    } else if (c === SLASH && next === STAR) this.comment();
    else if (c === STAR && next === SLASH && this.inVersion) {
      this.inVersion = false;
      this.emit('*/', 2);
    } else if (c === QUOTE || c === DOUBLE) this.literal(this.stringEnd(at));
    else if (c === BACKTICK) this.name();
    else if (isDigit(c) || (c === DOT && isDigit(next) && !this.afterName())) this.number();
    else if (isWord(c)) this.word();
    else this.emit(sql[at]!, 1);
  }

  private skip(length: number): void {
    this.at += length;
    this.gap = true;
  }

  private emit(text: string, length: number): void {
    if (this.gap && this.out.length > 0) this.out.push(' ');
    this.gap = false;
    this.out.push(text);
    this.at += length;
  }

  private literal(end: number): void {
    // Strings side by side are one string.
    if (this.out.at(-1) !== '?') this.emit('?', 0);
    this.at = end;
  }

  /** `--` begins a comment in MySQL only before white space; elsewhere a hidden one would show. */
  private isDashComment(): boolean {
    const c = this.sql.charCodeAt(this.at + 2);
    return Number.isNaN(c) || !isDigit(c);
  }

  private endOf(what: string, from: number): number {
    const end = this.sql.indexOf(what, this.at + from);
    return end < 0 ? this.sql.length : end + what.length;
  }

  private comment(): void {
    const { sql, at } = this;
    const kind = sql[at + 2];
    if (kind === '!') {
      // `/*!40101 ... */`, MariaDB also `/*M!`.
      const digits = /^\d*/.exec(sql.slice(at + 3, at + 9))![0];
      this.inVersion = true;
      this.emit(`/*!${digits}`, 3 + digits.length);
      return;
    }
    const end = this.endOf('*/', 2);
    const trace = TRACE_COMMENT.exec(sql.slice(at, Math.min(end, at + 1024)));
    if (trace !== null) {
      this.gap = true;
      this.emit(`/*${trace[0]}*/`, end - at);
    } else {
      this.skip(end - at);
    }
  }

  /** Past the closing quote of the string that begins at `at`: `\` escapes, a doubled quote stays. */
  private stringEnd(at: number): number {
    const { sql } = this;
    const quote = sql.charCodeAt(at);
    let i = at + 1;
    while (i < sql.length) {
      const c = sql.charCodeAt(i);
      if (c === BACKSLASH) i++;
      else if (c === quote) {
        if (sql.charCodeAt(i + 1) !== quote) return i + 1;
        i++;
      }
      i++;
    }
    return sql.length;
  }

  private name(): void {
    const end = this.sql.indexOf('`', this.at + 1);
    if (end < 0) {
      this.skip(this.sql.length - this.at);
      return;
    }
    this.emit(this.sql.slice(this.at, end + 1), end + 1 - this.at);
  }

  /** Whether a `.` here joins two names. */
  private afterName(): boolean {
    const before = this.sql.charCodeAt(this.at - 1);
    return !this.gap && (isWord(before) || before === BACKTICK);
  }

  private number(): void {
    const { sql } = this;
    let i = this.at;
    while (i < sql.length) {
      const c = sql.charCodeAt(i);
      const signed = (c === 0x2b || c === MINUS) && /[eE]/.test(sql[i - 1]!) && i - 1 > this.at;
      const exponent = signed && !/^0[xX]/.test(sql.slice(this.at, this.at + 2));
      if (!isWord(c) && c !== DOT && !exponent) break;
      i++;
    }
    this.literal(i);
  }

  private word(): void {
    const { sql } = this;
    let i = this.at;
    while (i < sql.length && isWord(sql.charCodeAt(i))) i++;
    const next = sql.charCodeAt(i);
    const word = sql.slice(this.at, i);
    // x'4D', b'01', N'...', _utf8mb4'...': part of the literal.
    if (next === QUOTE && /^(?:[xXbBnN]|_\w+)$/.test(word)) this.literal(this.stringEnd(i));
    else this.emit(word, i - this.at);
  }
}
