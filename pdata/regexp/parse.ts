import { type Assertion, anyNode, empty, type Node } from './ast.ts';
import { foldAscii, perlClasses, setOf } from './char-set.ts';
import { type ClassItem, parseClass, parseEscape } from './parse-class.ts';
import { Untranslatable } from './untranslatable.ts';

interface Flags {
  readonly fold: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly ungreedy: boolean;
}

/** A pattern's tree and the names of its groups in order, '' for one without a name. */
export interface Parsed {
  readonly node: Node;
  readonly names: readonly string[];
}

/**
 * Reads a pattern that is known to be valid in Go's syntax (Perl's flags, as regexp.Compile).
 *
 * @throws Untranslatable when the pattern uses something that is left to the general engine
 */
export function parse(pattern: string): Parsed {
  const parser = new Parser(pattern);
  const node = parser.alternation();
  if (parser.at < pattern.length) throw new Untranslatable();
  return { node, names: parser.names };
}

const everything = [0, 0x10ffff];
const notNewline = [0, 9, 11, 0x10ffff];

class Parser {
  readonly names: string[] = [];
  at = 0;
  private readonly text: string;
  private flags: Flags = { fold: false, multiline: false, dotAll: false, ungreedy: false };
  private depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  alternation(): Node {
    if ((this.depth += 1) > 200) throw new Untranslatable();
    const flags = this.flags;
    const branches: Node[] = [];
    do branches.push(this.sequence());
    while (this.take('|'));
    this.flags = flags;
    this.depth -= 1;
    return branches.length === 1 ? branches[0]! : { kind: 'alternate', nodes: branches };
  }

  private take(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private sequence(): Node {
    const nodes: Node[] = [];
    while (this.at < this.text.length) {
      const next = this.text[this.at];
      if (next === '|' || next === ')') break;
      if (this.take('\\Q')) {
        this.quoted(nodes);
        continue;
      }
      const atom = this.atom();
      if (atom !== undefined) nodes.push(this.repeated(atom));
      // `a(?i)*` repeats the a
      else if (isOperator(this.text[this.at])) throw new Untranslatable();
    }
    return nodes.length === 1 ? nodes[0]! : { kind: 'concat', nodes };
  }

  /** The text between \Q and \E: an operator after it repeats its last character. */
  private quoted(nodes: Node[]): void {
    const end = this.text.indexOf('\\E', this.at);
    const text = this.text.slice(this.at, end < 0 ? this.text.length : end);
    this.at = end < 0 ? this.text.length : end + 2;
    const chars = [...text].map((char) => this.set([char.codePointAt(0)!, char.codePointAt(0)!]));
    const last = chars.pop();
    nodes.push(...chars);
    if (last !== undefined) nodes.push(this.repeated(last));
    else if (isOperator(this.text[this.at])) throw new Untranslatable();
  }

  private set(ranges: readonly number[]): Node {
    return { kind: 'set', set: setOf(this.folded(ranges)) };
  }

  private folded(ranges: readonly number[]): readonly number[] {
    if (!this.flags.fold) return ranges;
    const folded = foldAscii(ranges);
    if (folded === undefined) throw new Untranslatable();
    return folded;
  }

  private atom(): Node | undefined {
    const char = this.text[this.at]!;
    switch (char) {
      case '(':
        return this.group();
      case '[': {
        const parsed = parseClass(this.text, this.at);
        this.at = parsed.end;
        return this.classNode(parsed, parsed.negated);
      }
      case '.':
        this.at += 1;
        return { kind: 'set', set: setOf(this.flags.dotAll ? everything : notNewline) };
      case '^':
        this.at += 1;
        return { kind: 'assert', assertion: this.flags.multiline ? 'beginLine' : 'begin' };
      case '$':
        this.at += 1;
        return { kind: 'assert', assertion: this.flags.multiline ? 'endLine' : 'end' };
      case '\\':
        return this.escape();
      default: {
        const code = this.text.codePointAt(this.at)!;
        this.at += code > 0xffff ? 2 : 1;
        return this.set([code, code]);
      }
    }
  }

  private classNode(item: ClassItem, negated: boolean): Node {
    if (this.flags.fold && item.properties.length > 0) throw new Untranslatable();
    const set = setOf(this.folded(item.ranges), item.properties, negated);
    return { kind: 'set', set };
  }

  private escape(): Node | undefined {
    const assertion = assertions[this.text[this.at + 1] ?? ''];
    if (assertion !== undefined) {
      this.at += 2;
      return { kind: 'assert', assertion };
    }
    if (this.take('\\E')) return undefined;
    // V8 finds it between the halves of a code point
    if (this.take('\\B')) throw new Untranslatable();
    const perl = perlClasses[this.text[this.at + 1]!.toLowerCase()];
    if (perl !== undefined) {
      const negated = this.text[this.at + 1]! < 'a';
      this.at += 2;
      return this.classNode({ ranges: perl, properties: [] }, negated);
    }
    const parsed = parseEscape(this.text, this.at);
    this.at = parsed.end;
    return this.classNode(parsed, false);
  }

  private group(): Node | undefined {
    this.at += 1;
    if (!this.take('?')) return this.capture('');
    const named = /^P?<([^>]*)>/.exec(this.text.slice(this.at));
    if (named !== null) {
      this.at += named[0].length;
      return this.capture(named[1]!);
    }
    const before = this.flags;
    const changed = this.readFlags();
    if (this.take(')')) {
      this.flags = changed;
      return undefined;
    }
    if (!this.take(':')) throw new Untranslatable();
    this.flags = changed;
    const node = this.close();
    this.flags = before;
    return node;
  }

  private readFlags(): Flags {
    let value = true;
    const flags = { ...this.flags };
    for (; this.at < this.text.length; this.at += 1) {
      const char = this.text[this.at]!;
      if (char === '-') value = false;
      else if (char === 'i') flags.fold = value;
      else if (char === 'm') flags.multiline = value;
      else if (char === 's') flags.dotAll = value;
      else if (char === 'U') flags.ungreedy = value;
      else break;
    }
    return flags;
  }

  private capture(name: string): Node {
    this.names.push(name);
    const index = this.names.length;
    return { kind: 'group', index, node: this.close() };
  }

  private close(): Node {
    const node = this.alternation();
    if (!this.take(')')) throw new Untranslatable();
    return node;
  }

  private repeated(atom: Node): Node {
    let node = atom;
    for (;;) {
      const found = /^(?:([*+?])|\{(\d+)(,(\d*))?\})(\??)/.exec(
        this.text.slice(this.at, this.at + 16),
      );
      if (found === null) return node;
      const [whole, operator, low, comma, high, lazy] = found;
      if (node.kind === 'assert') throw new Untranslatable();
      this.at += whole.length;
      let [min, max] = operator === undefined ? [Number(low), Number(low)] : bounds[operator]!;
      if (comma !== undefined) max = high === '' ? Number.POSITIVE_INFINITY : Number(high);
      if (max === 0) {
        // its groups would be gone from the count
        if (anyNode(node, (n) => n.kind === 'group')) throw new Untranslatable();
        node = empty;
      } else
        node = { kind: 'repeat', node, min, max, greedy: (lazy === '') !== this.flags.ungreedy };
    }
  }
}

function isOperator(char: string | undefined): boolean {
  return char !== undefined && '*+?{'.includes(char);
}

const assertions: Readonly<Record<string, Assertion>> = {
  A: 'begin',
  z: 'end',
  b: 'word',
};

const bounds: Readonly<Record<string, readonly [number, number]>> = {
  '*': [0, Number.POSITIVE_INFINITY],
  '+': [1, Number.POSITIVE_INFINITY],
  '?': [0, 1],
};
