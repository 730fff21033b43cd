/** An attribute as it stands: its name may have a prefix. */
export interface XmlAttribute {
  readonly name: string;
  readonly value: string;
}

/** What an XML text is made of, in order. */
export type XmlToken =
  | { readonly kind: 'start'; readonly name: string; readonly attributes: readonly XmlAttribute[] }
  | { readonly kind: 'end'; readonly name: string }
  | { readonly kind: 'text'; readonly text: string; readonly isCdata: boolean }
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: 'instruction'; readonly target: string; readonly text: string }
  | { readonly kind: 'directive'; readonly text: string };

/** A fault of an XML text; the message is that of Go's encoding/xml. */
export class XmlError extends Error {}

const nameStart =
  'A-Za-z_:\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\ufffd';
const namePattern = new RegExp(`[${nameStart}][${nameStart}0-9.\\-\\u00b7\\u0300-\\u036f]*`, 'uy');
const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};
const entity = /&(?:#([0-9]+|x[0-9a-fA-F]+)|([^;&\s<>"']*));?/y;
// what XML does not let stand anywhere
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const illegal = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/**
 * Reads XML token by token, strictly: names and nesting are checked, entities other than the five
 * of XML are refused (so nothing grows), `\r\n` is `\n`.
 */
export class XmlReader {
  /** where the next token begins, in UTF-16 units of the text */
  at = 0;
  readonly length: number;
  private readonly text: string;
  private readonly open: string[] = [];
  private pendingEnd: string | undefined;

  constructor(text: string) {
    this.text = text;
    this.length = text.length;
  }

  /** The next token; undefined at the end. @throws XmlError */
  next(): XmlToken | undefined {
    if (this.pendingEnd !== undefined) {
      const name = this.pendingEnd;
      this.pendingEnd = undefined;
      this.open.pop();
      return { kind: 'end', name };
    }
    if (this.at >= this.length) {
      if (this.open.length > 0) throw this.fault('unexpected EOF');
      return undefined;
    }
    if (this.text[this.at] !== '<') return this.characters();
    const { text, at } = this;
    if (text.startsWith('</', at)) return this.endTag();
    if (text.startsWith('<?', at)) return this.instruction();
    if (text.startsWith('<!--', at)) return this.comment();
    if (text.startsWith('<![CDATA[', at)) return this.cdata();
    if (text.startsWith('<!', at)) return this.directive();
    return this.startTag();
  }

  private fault(what: string): XmlError {
    const line = this.text.slice(0, this.at).split('\n').length;
    return new XmlError(`XML syntax error on line ${line}: ${what}`);
  }

  private checked(text: string): string {
    const found = illegal.exec(text);
    if (found !== null) {
      const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
      throw this.fault(`illegal character code U+${code}`);
    }
    return text.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
  }

  private characters(): XmlToken {
    const end = this.text.indexOf('<', this.at);
    const stop = end < 0 ? this.length : end;
    const raw = this.text.slice(this.at, stop);
    if (raw.includes(']]>')) throw this.fault('unescaped ]]> not in CDATA section');
    const text = this.resolved(this.checked(raw));
    this.at = stop;
    return { kind: 'text', text, isCdata: false };
  }

  private resolved(text: string): string {
    if (!text.includes('&')) return text;
    let out = '';
    let from = 0;
    for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', from)) {
      out += text.slice(from, at);
      entity.lastIndex = at;
      const [whole, number, name] = entity.exec(text)!;
      const value = number === undefined ? this.named(whole, name!) : this.numbered(whole, number);
      out += value;
      from = at + whole.length;
    }
    return out + text.slice(from);
  }

  private named(whole: string, name: string): string {
    const known = Object.hasOwn(entities, name) ? entities[name] : undefined;
    if (known === undefined || !whole.endsWith(';')) {
      const shown = whole.endsWith(';') ? whole : `${whole} (no semicolon)`;
      throw this.fault(`invalid character entity ${shown}`);
    }
    return known;
  }

  private numbered(whole: string, digits: string): string {
    const code = digits.startsWith('x')
      ? Number.parseInt(digits.slice(1), 16)
      : Number.parseInt(digits, 10);
    if (!whole.endsWith(';')) throw this.fault(`invalid character entity ${whole} (no semicolon)`);
    if (code > 0x10ffff) throw this.fault(`invalid character entity ${whole}`);
    const surrogate = code >= 0xd800 && code < 0xe000;
    return this.checked(surrogate ? '\ufffd' : String.fromCodePoint(code));
  }

  private name(): string {
    namePattern.lastIndex = this.at;
    const found = namePattern.exec(this.text);
    if (found === null) return '';
    this.at += found[0].length;
    return found[0];
  }

  private space(): void {
    while (' \t\n\r'.includes(this.text[this.at] ?? '-')) this.at += 1;
  }

  /** Leaves out text that must come next. */
  private expect(wanted: string, what: string): void {
    if (!this.text.startsWith(wanted, this.at)) {
      if (this.at >= this.length) throw this.fault('unexpected EOF');
      throw this.fault(what);
    }
    this.at += wanted.length;
  }

  private startTag(): XmlToken {
    this.at += 1;
    const name = this.name();
    if (!isName(name)) throw this.fault('expected element name after <');
    const attributes: XmlAttribute[] = [];
    for (;;) {
      this.space();
      if (this.text.startsWith('/', this.at)) {
        this.at += 1;
        this.expect('>', 'expected /> in element');
        this.pendingEnd = name;
        break;
      }
      if (this.text.startsWith('>', this.at)) {
        this.at += 1;
        break;
      }
      attributes.push(this.attribute());
    }
    this.open.push(name);
    return { kind: 'start', name, attributes };
  }

  private attribute(): XmlAttribute {
    const name = this.name();
    if (!isName(name)) {
      throw this.fault(
        this.at >= this.length ? 'unexpected EOF' : 'expected attribute name in element',
      );
    }
    this.space();
    this.expect('=', 'attribute name without = in element');
    this.space();
    const quote = this.text[this.at];
    if (quote !== '"' && quote !== "'") {
      const cut = this.at >= this.length;
      throw this.fault(cut ? 'unexpected EOF' : 'unquoted or missing attribute value in element');
    }
    const end = this.text.indexOf(quote, this.at + 1);
    if (end < 0) throw this.fault('unexpected EOF');
    const raw = this.text.slice(this.at + 1, end);
    if (raw.includes('<')) throw this.fault('unescaped < inside quoted string');
    const value = this.resolved(this.checked(raw));
    this.at = end + 1;
    return { name, value };
  }

  private endTag(): XmlToken {
    this.at += 2;
    const name = this.name();
    if (!isName(name)) throw this.fault('expected element name after </');
    this.space();
    this.expect('>', `invalid characters between </${name} and >`);
    const opened = this.open.pop();
    if (opened === undefined) throw this.fault(`unexpected end element </${name}>`);
    if (opened !== name) {
      throw this.fault(`element <${opened}> closed by </${name}>`);
    }
    return { kind: 'end', name };
  }

  private until(mark: string, from: number): string {
    const end = this.text.indexOf(mark, from);
    if (end < 0) throw this.fault('unexpected EOF');
    this.at = end + mark.length;
    return this.text.slice(from, end);
  }

  private comment(): XmlToken {
    const text = this.until('--', this.at + 4);
    if (this.text[this.at] !== '>') {
      const cut = this.at >= this.length;
      throw this.fault(cut ? 'unexpected EOF' : 'invalid sequence "--" not allowed in comments');
    }
    this.at += 1;
    return { kind: 'comment', text: text.replaceAll('\r\n', '\n') };
  }

  private cdata(): XmlToken {
    const text = this.until(']]>', this.at + 9);
    return { kind: 'text', text: this.checked(text), isCdata: true };
  }

  private instruction(): XmlToken {
    this.at += 2;
    const target = this.name();
    if (target === '') throw this.fault('expected target name after <?');
    this.space();
    const text = this.until('?>', this.at);
    if (target === 'xml') checkDeclaration(text);
    return { kind: 'instruction', target, text };
  }

  /** `<!DOCTYPE ...>` with what is nested in it; comments in it go. */
  private directive(): XmlToken {
    const start = this.at + 2;
    let depth = 0;
    let quote = '';
    for (let i = start; i < this.length; i += 1) {
      const char = this.text[i]!;
      if (quote !== '') {
        if (char === quote) quote = '';
      } else if (char === '"' || char === "'") quote = char;
      else if (this.text.startsWith('<!--', i)) {
        const end = this.text.indexOf('-->', i);
        if (end < 0) break;
        i = end + 2;
      } else if (char === '<') depth += 1;
      else if (char === '>') {
        if (depth === 0) {
          this.at = i + 1;
          const text = this.text.slice(start, i).replace(/<!--.*?-->/gs, ' ');
          return { kind: 'directive', text };
        }
        depth -= 1;
      }
    }
    throw this.fault('unexpected EOF');
  }
}

/** Names have at most one colon, and not at an end. */
function isName(name: string): boolean {
  return name !== '' && name.split(':').length <= 2;
}

function checkDeclaration(text: string): void {
  const value = (key: string): string => {
    const found = new RegExp(`(?:^|\\s)${key}=(?:"([^"]*)"|'([^']*)')`).exec(text);
    return found?.[1] ?? found?.[2] ?? '';
  };
  const version = value('version');
  if (version !== '' && version !== '1.0') {
    throw new XmlError(`xml: unsupported version "${version}"; only version 1.0 is supported`);
  }
  const encoding = value('encoding').toLowerCase();
  // the text is decoded already
  if (encoding !== '' && encoding !== 'utf-8' && encoding !== 'us-ascii') {
    throw new XmlError(`xml: cannot read the declared encoding "${encoding}"`);
  }
}

/** Prefix ('' when there is none) and local part of a name. */
export function splitName(name: string): [string, string] {
  const colon = name.indexOf(':');
  if (colon <= 0 || colon === name.length - 1) return ['', name];
  return [name.slice(0, colon), name.slice(colon + 1)];
}
