import { isIPv4, isIPv6 } from 'node:net';

/** Which end of a packet a term speaks of. */
export type End = 'either' | 'source' | 'destination';

/** A filter as a tree. */
export type FilterNode =
  | { readonly kind: 'and' | 'or'; readonly terms: readonly FilterNode[] }
  | { readonly kind: 'not'; readonly term: FilterNode }
  /** 4 or 6. */
  | { readonly kind: 'version'; readonly version: 4 | 6 }
  /** 6 = TCP, 17 = UDP. */
  | { readonly kind: 'protocol'; readonly protocol: number }
  | { readonly kind: 'ports'; readonly end: End; readonly from: number; readonly to: number }
  | {
      readonly kind: 'network';
      readonly end: End;
      /** One word of an IPv4 address, four of an IPv6 address. */
      readonly words: readonly number[];
      readonly prefix: number;
    };

/** A filter that cannot be read; the message quotes it and says where. */
export class FilterError extends Error {
  override readonly name = 'FilterError';
}

interface Token {
  readonly text: string;
  /** Offset in the filter's text. */
  readonly at: number;
}

const PLAIN: Readonly<Record<string, FilterNode>> = {
  ip: { kind: 'version', version: 4 },
  ip6: { kind: 'version', version: 6 },
  tcp: { kind: 'protocol', protocol: 6 },
  udp: { kind: 'protocol', protocol: 17 },
};

const MAX_TEXT = 16 << 10;
const MAX_DEPTH = 64;

/**
 * Reads a capture filter:
 *
 *     filter  = term { ("and" | "or") term }       "and" binds closer than "or"
 *     term    = "not" term | "(" filter ")" | "ip" | "ip6" | "tcp" | "udp"
 *             | ["src" | "dst"] ("host" ADDRESS | "net" ADDRESS "/" LENGTH
 *             | "port" PORT | "portrange" PORT "-" PORT)
 *
 * `tcp port 80` is short for `tcp and port 80`. An empty text lets everything through.
 * @throws FilterError with the position of what it cannot read
 */
export function parseFilter(text: string): FilterNode | undefined {
  if (text.length > MAX_TEXT) {
    throw new FilterError(`cannot read the filter: it is longer than ${MAX_TEXT} characters`);
  }
  const parser = new Parser(text);
  return parser.whole();
}

class Parser {
  private readonly text: string;
  private readonly tokens: readonly Token[];
  private next = 0;
  private depth = 0;

  constructor(text: string) {
    this.text = text;
    this.tokens = [...text.matchAll(/[()]|[^\s()]+/g)].map((m) => ({ text: m[0], at: m.index }));
  }

  whole(): FilterNode | undefined {
    if (this.tokens.length === 0) return undefined;
    const node = this.either();
    const rest = this.tokens[this.next];
    if (rest !== undefined) this.fail(rest, '"and" or "or"');
    return node;
  }

  private either(): FilterNode {
    const terms = [this.both()];
    while (this.take('or')) terms.push(this.both());
    return terms.length === 1 ? terms[0]! : { kind: 'or', terms };
  }

  private both(): FilterNode {
    const terms = [this.term()];
    while (this.take('and')) terms.push(this.term());
    return terms.length === 1 ? terms[0]! : { kind: 'and', terms };
  }

  private term(): FilterNode {
    const token = this.tokens[this.next];
    if (++this.depth > MAX_DEPTH) this.fail(token, 'less nesting');
    const node = this.termInside(token);
    this.depth--;
    return node;
  }

  private termInside(token: Token | undefined): FilterNode {
    if (this.take('not')) return { kind: 'not', term: this.term() };
    if (this.take('(')) {
      const node = this.either();
      if (!this.take(')')) this.fail(this.tokens[this.next], '")"');
      return node;
    }
    const plain = token === undefined ? undefined : PLAIN[token.text];
    if (plain === undefined) return this.ends();
    this.next++;
    const following = this.tokens[this.next]?.text ?? '';
    const qualifies = /^(src|dst|host|net|port|portrange)$/.test(following);
    return qualifies ? { kind: 'and', terms: [plain, this.ends()] } : plain;
  }

  private ends(): FilterNode {
    const end: End = this.take('src') ? 'source' : this.take('dst') ? 'destination' : 'either';
    if (this.take('port')) {
      const port = this.port(this.word('a port'));
      return { kind: 'ports', end, from: port, to: port };
    }
    if (this.take('portrange')) return this.range(end);
    if (this.take('host')) return this.address(end, false);
    if (this.take('net')) return this.address(end, true);
    const wanted = '"host", "net", "port", "portrange"';
    const all = end === 'either' ? `"not", "(", "tcp", "udp", "ip", "ip6", ${wanted}` : wanted;
    return this.fail(this.tokens[this.next], all);
  }

  private range(end: End): FilterNode {
    const token = this.word('two ports');
    const parts = token.text.split('-');
    if (parts.length !== 2) this.fail(token, 'two ports, as in 8000-8080');
    const from = this.port({ text: parts[0]!, at: token.at });
    const to = this.port({ text: parts[1]!, at: token.at + parts[0]!.length + 1 });
    if (from > to) this.fail(token, 'the smaller port first');
    return { kind: 'ports', end, from, to };
  }

  private port(token: Token): number {
    const port = /^\d{1,5}$/.test(token.text) ? Number(token.text) : -1;
    return port >= 0 && port <= 65535 ? port : this.fail(token, 'a port from 0 to 65535');
  }

  private address(end: End, network: boolean): FilterNode {
    const token = this.word(network ? 'a network' : 'an address');
    const [address = '', length, ...more] = token.text.split('/');
    if (network !== (length !== undefined) || more.length > 0) {
      this.fail(token, network ? 'a network, as in 10.0.0.0/8' : 'an address without "/"');
    }
    const words = isIPv4(address)
      ? [wordOf(address)]
      : isIPv6(address) && !address.includes('%')
        ? ipv6Words(address)
        : this.fail(token, 'an IPv4 or IPv6 address');
    const most = words.length * 32;
    const prefix = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : -1;
    if (prefix < 0 || prefix > most) this.fail(token, `a prefix length from 0 to ${most}`);
    return { kind: 'network', end, words, prefix };
  }

  private word(what: string): Token {
    const token = this.tokens[this.next];
    if (token === undefined || token.text === '(' || token.text === ')') this.fail(token, what);
    this.next++;
    return token!;
  }

  private take(text: string): boolean {
    if (this.tokens[this.next]?.text !== text) return false;
    this.next++;
    return true;
  }

  private fail(token: Token | undefined, wanted: string): never {
    const found = token === undefined ? 'its end' : JSON.stringify(token.text);
    const at = (token?.at ?? this.text.length) + 1;
    const quoted = JSON.stringify(
      this.text.length > 200 ? `${this.text.slice(0, 200)}...` : this.text,
    );
    throw new FilterError(
      `cannot read the filter ${quoted}: at character ${at} expected ${wanted}, found ${found}`,
    );
  }
}

function wordOf(address: string): number {
  return address.split('.').reduce((word, part) => word * 256 + Number(part), 0);
}

/** The four words of a valid IPv6 address. */
function ipv6Words(address: string): number[] {
  let text = address;
  const dotted = /[^:]*\.[^:]*$/.exec(text)?.[0];
  if (dotted !== undefined) {
    const word = wordOf(dotted);
    const tail = `${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`;
    text = text.slice(0, -dotted.length) + tail;
  }
  const [before = '', after] = text.split('::');
  const left = before === '' ? [] : before.split(':');
  const right = after === undefined || after === '' ? [] : after.split(':');
  const zeros = new Array<string>(8 - left.length - right.length).fill('0');
  const groups = [...left, ...zeros, ...right].map((g) => Number.parseInt(g, 16));
  return [0, 2, 4, 6].map((i) => ((groups[i]! << 16) | groups[i + 1]!) >>> 0);
}
