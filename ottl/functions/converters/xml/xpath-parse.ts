/** Axes of XPath 1.0 but for namespaces. */
const axes = [
  'ancestor',
  'ancestor-or-self',
  'attribute',
  'child',
  'descendant',
  'descendant-or-self',
  'following',
  'following-sibling',
  'parent',
  'preceding',
  'preceding-sibling',
  'self',
] as const;
type Axis = (typeof axes)[number];

/** Which nodes of an axis: a name (`*` = any; prefix undefined = none), or a type of node. */
export type NodeTest =
  | { readonly kind: 'name'; readonly prefix: string | undefined; readonly local: string }
  | { readonly kind: 'node' | 'text' | 'comment' | 'processing-instruction' };

/** A location step: axis, test of names or kinds, predicates from left to right. */
export interface Step {
  readonly axis: Axis;
  readonly test: NodeTest;
  readonly predicates: readonly Expression[];
}

/** A parsed expression; a path may begin at the root or at another expression's nodes. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'negate'; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'path';
      readonly from: Expression | 'root' | 'context';
      readonly steps: readonly Step[];
    }
  | {
      readonly kind: 'filter';
      readonly input: Expression;
      readonly predicates: readonly Expression[];
    };

/** Functions and how many arguments they take, at least and at most. */
const functionArity: Readonly<Record<string, readonly [number, number]>> = {
  boolean: [1, 1],
  ceiling: [1, 1],
  concat: [2, 99],
  contains: [2, 2],
  count: [1, 1],
  'ends-with': [2, 2],
  false: [0, 0],
  floor: [1, 1],
  last: [0, 0],
  'local-name': [0, 1],
  'lower-case': [1, 1],
  matches: [2, 2],
  name: [0, 1],
  'namespace-uri': [0, 1],
  'normalize-space': [0, 1],
  not: [1, 1],
  number: [0, 1],
  position: [0, 0],
  replace: [3, 3],
  reverse: [1, 1],
  round: [1, 1],
  'starts-with': [2, 2],
  string: [0, 1],
  'string-join': [2, 2],
  'string-length': [0, 1],
  substring: [2, 3],
  'substring-after': [2, 2],
  'substring-before': [2, 2],
  sum: [1, 1],
  translate: [3, 3],
  true: [0, 0],
};

const token =
  /\s*(?:(\/\/|::|\.\.|!=|<=|>=|[/()[\].@,|+\-=<>*$])|("[^"]*"|'[^']*')|((?:[0-9]+(?:\.[0-9]*)?)|\.[0-9]+)|([\p{L}_][\p{L}\p{N}_.\-·]*))/uy;

interface Token {
  readonly kind: 'operator' | 'string' | 'number' | 'name' | 'end';
  readonly text: string;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const end = text.trimEnd().length;
  while (at < end) {
    token.lastIndex = at;
    const found = token.exec(text);
    if (found === null) throw new Error(`unexpected ${JSON.stringify(text.slice(at, at + 10))}`);
    at = token.lastIndex;
    const [, operator, string, number, name] = found;
    // `.5` is a number, `.` an operator
    if (operator === '.' && /[0-9]/.test(text[at] ?? '')) {
      const digits = /^[0-9]+/.exec(text.slice(at))![0];
      at += digits.length;
      tokens.push({ kind: 'number', text: `.${digits}` });
    } else if (operator !== undefined) tokens.push({ kind: 'operator', text: operator });
    else if (string !== undefined) tokens.push({ kind: 'string', text: string.slice(1, -1) });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else tokens.push({ kind: 'name', text: joinName(name!, text, at) });
    if (name !== undefined) at += tokens.at(-1)!.text.length - name.length;
  }
  tokens.push({ kind: 'end', text: '' });
  return tokens;
}

/** A name and, behind a single colon, its second half or `*`. */
function joinName(name: string, text: string, at: number): string {
  const rest = /^:(?:[\p{L}_][\p{L}\p{N}_.\-·]*|\*)/u.exec(text.slice(at));
  return rest === null ? name : name + rest[0];
}

const maxDepth = 100;

/**
 * Reads an XPath 1.0 expression.
 *
 * @throws Error that says what was not expected
 */
export function parseXPath(text: string): Expression {
  // what stands behind a whole expression does not count, as users of this are used to
  return new Parser(tokensOf(text)).expression();
}

const levels: readonly (readonly string[])[] = [
  ['or'],
  ['and'],
  ['=', '!='],
  ['<', '<=', '>', '>='],
  ['+', '-'],
  ['*', 'div', 'mod'],
];

const nodeTypes = ['node', 'text', 'comment', 'processing-instruction'] as const;

class Parser {
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  private peek(offset = 0): Token {
    return this.tokens[Math.min(this.at + offset, this.tokens.length - 1)]!;
  }

  private is(text: string, offset = 0): boolean {
    const { kind, text: own } = this.peek(offset);
    return kind === 'operator' && own === text;
  }

  private take(text: string): boolean {
    if (!this.is(text)) return false;
    this.at += 1;
    return true;
  }

  private expect(text: string): void {
    if (!this.take(text)) throw this.unexpected();
  }

  private unexpected(): Error {
    const { kind, text } = this.peek();
    return new Error(
      kind === 'end' ? 'unexpected end of expression' : `unexpected token '${text}'`,
    );
  }

  expression(): Expression {
    if ((this.depth += 1) > maxDepth) throw new Error('expression nested too deeply');
    const expression = this.binary(0);
    this.depth -= 1;
    return expression;
  }

  private binary(level: number): Expression {
    const operators = levels[level];
    if (operators === undefined) return this.unary();
    let left = this.binary(level + 1);
    while (operators.includes(this.peek().text) && this.peek().kind !== 'string') {
      const operator = this.peek().text;
      this.at += 1;
      left = { kind: 'binary', operator, left, right: this.binary(level + 1) };
    }
    return left;
  }

  private unary(): Expression {
    let negative = false;
    while (this.take('-')) negative = !negative;
    const operand = this.union();
    return negative ? { kind: 'negate', operand } : operand;
  }

  private union(): Expression {
    let left = this.path();
    while (this.take('|')) left = { kind: 'binary', operator: '|', left, right: this.path() };
    return left;
  }

  private path(): Expression {
    if (this.take('//')) return { kind: 'path', from: 'root', steps: [anywhere, ...this.steps()] };
    if (this.take('/')) {
      return { kind: 'path', from: 'root', steps: this.startsStep() ? this.steps() : [] };
    }
    if (!this.startsPrimary()) return { kind: 'path', from: 'context', steps: this.steps() };
    let input = this.primary();
    const predicates = this.predicates();
    if (predicates.length > 0) input = { kind: 'filter', input, predicates };
    if (this.take('//')) return { kind: 'path', from: input, steps: [anywhere, ...this.steps()] };
    return this.take('/') ? { kind: 'path', from: input, steps: this.steps() } : input;
  }

  private startsStep(): boolean {
    return this.peek().kind === 'name' || ['.', '..', '@', '*'].some((text) => this.is(text));
  }

  private startsPrimary(): boolean {
    const { kind, text } = this.peek();
    if (kind === 'string' || kind === 'number' || this.is('(')) return true;
    return kind === 'name' && this.is('(', 1) && !isNodeType(text);
  }

  private primary(): Expression {
    const { kind, text } = this.peek();
    this.at += 1;
    if (kind === 'string') return { kind: 'literal', value: text };
    if (kind === 'number') return { kind: 'literal', value: Number(text) };
    if (kind === 'operator') {
      const inner = this.expression();
      this.expect(')');
      return inner;
    }
    this.expect('(');
    const args: Expression[] = [];
    if (!this.take(')')) {
      do args.push(this.expression());
      while (this.take(','));
      this.expect(')');
    }
    const arity = Object.hasOwn(functionArity, text) ? functionArity[text] : undefined;
    if (arity === undefined) throw new Error(`unknown function ${text}()`);
    if (args.length < arity[0] || args.length > arity[1]) {
      throw new Error(`wrong number of arguments for ${text}()`);
    }
    return { kind: 'call', name: text, args };
  }

  private predicates(): Expression[] {
    const predicates: Expression[] = [];
    while (this.take('[')) {
      predicates.push(this.expression());
      this.expect(']');
    }
    return predicates;
  }

  private steps(): Step[] {
    const steps = [this.step()];
    for (;;) {
      if (this.take('//')) steps.push(anywhere, this.step());
      else if (this.take('/')) steps.push(this.step());
      else return steps;
    }
  }

  private step(): Step {
    if (this.take('.'))
      return { axis: 'self', test: { kind: 'node' }, predicates: this.predicates() };
    if (this.take('..')) {
      return { axis: 'parent', test: { kind: 'node' }, predicates: this.predicates() };
    }
    let axis: Axis = 'child';
    if (this.take('@')) axis = 'attribute';
    else if (this.is('::', 1)) {
      axis = axisOf(this.peek().text);
      this.at += 2;
    }
    return { axis, test: this.nodeTest(), predicates: this.predicates() };
  }

  private nodeTest(): NodeTest {
    if (this.take('*')) return { kind: 'name', prefix: undefined, local: '*' };
    const { kind, text } = this.peek();
    if (kind !== 'name') throw this.unexpected();
    this.at += 1;
    if (isNodeType(text) && this.take('(')) {
      if (text === 'processing-instruction' && this.peek().kind === 'string') this.at += 1;
      this.expect(')');
      return { kind: text };
    }
    const colon = text.indexOf(':');
    return colon < 0
      ? { kind: 'name', prefix: undefined, local: text }
      : { kind: 'name', prefix: text.slice(0, colon), local: text.slice(colon + 1) };
  }
}

const anywhere: Step = { axis: 'descendant-or-self', test: { kind: 'node' }, predicates: [] };

function isNodeType(text: string): text is (typeof nodeTypes)[number] {
  return (nodeTypes as readonly string[]).includes(text);
}

function axisOf(text: string): Axis {
  const axis = axes.find((name) => name === text);
  if (axis === undefined) throw new Error(`unknown axis ${text}`);
  return axis;
}
