import type { Node } from './ast.ts';
import { predicateFunctions } from './functions.ts';
import { lex, type Token } from './lexer.ts';
import { ExprSyntaxError } from './value.ts';

const binary: Readonly<Record<string, number>> = {
  '|': 0,
  or: 10,
  '||': 10,
  and: 15,
  '&&': 15,
  '==': 20,
  '!=': 20,
  '<': 20,
  '>': 20,
  '>=': 20,
  '<=': 20,
  in: 20,
  matches: 20,
  contains: 20,
  startsWith: 20,
  endsWith: 20,
  '..': 25,
  '+': 30,
  '-': 30,
  '*': 60,
  '/': 60,
  '%': 60,
  '**': 100,
  '^': 100,
  '??': 500,
};
const unary: Readonly<Record<string, number>> = { not: 50, '!': 50, '-': 90, '+': 90 };
const rightAssociative = new Set(['**', '^']);
const negatable = new Set(['contains', 'matches', 'startsWith', 'endsWith', 'in']);
const comparisons = new Set(['<', '>', '<=', '>=']);
const canonical: Readonly<Record<string, string>> = { or: '||', and: '&&', '^': '**', not: '!' };

/** Nodes that one expression may have. */
const maxNodes = 10_000;
/** Levels that one expression may nest. */
const maxDepth = 200;

/**
 * Parses an expression (grammar of expr-lang 1.17).
 * @throws ExprSyntaxError
 */
export function parseExpression(source: string): Node {
  const parser = new Parser(lex(source));
  const node = parser.sequence();
  parser.expectEnd();
  return node;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #nodes = 0;
  #depth = 0;
  #predicates = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get #current(): Token {
    return this.#tokens[this.#at]!;
  }

  #is(kind: Token['kind'], text?: string): boolean {
    const token = this.#current;
    return token.kind === kind && (text === undefined || token.text === text);
  }

  #next(): Token {
    const token = this.#current;
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  #fail(message: string, token = this.#current): never {
    throw new ExprSyntaxError(message, token.at);
  }

  #unexpected(): never {
    const { kind, text } = this.#current;
    this.#fail(
      kind === 'end'
        ? 'unexpected end of expression'
        : `unexpected token ${kind}(${JSON.stringify(text)})`,
    );
  }

  #expect(kind: Token['kind'], text?: string): Token {
    if (!this.#is(kind, text)) this.#unexpected();
    return this.#next();
  }

  #accept(kind: Token['kind'], text: string): boolean {
    if (!this.#is(kind, text)) return false;
    this.#at += 1;
    return true;
  }

  #node(node: Node): Node {
    this.#nodes += 1;
    if (this.#nodes > maxNodes) this.#fail(`expression exceeds ${maxNodes} nodes`);
    return node;
  }

  expectEnd(): void {
    if (!this.#is('end')) this.#unexpected();
  }

  /** Expressions with `;` between them: the last one counts. */
  sequence(): Node {
    let node = this.#expression(0);
    while (this.#accept('operator', ';')) {
      if (this.#is('end')) break;
      node = this.#expression(0);
    }
    return node;
  }

  #expression(precedence: number): Node {
    this.#depth += 1;
    if (this.#depth > maxDepth) this.#fail(`expression nests deeper than ${maxDepth} levels`);
    try {
      if (precedence === 0 && this.#is('operator', 'let')) return this.#variable();
      if (precedence === 0 && this.#is('operator', 'if')) return this.#conditionalIf();
      let left = this.#primary();
      let previous = '';
      for (;;) {
        const step = this.#infix(left, precedence, previous);
        if (step === undefined) break;
        [left, previous] = step;
      }
      return precedence === 0 ? this.#ternary(left) : left;
    } finally {
      this.#depth -= 1;
    }
  }

  /** One infix operator and its right side, if one of at least `precedence` follows. */
  #infix(left: Node, precedence: number, previous: string): [Node, string] | undefined {
    if (this.#current.kind !== 'operator') return undefined;
    const start = this.#at;
    const negate = this.#accept('operator', 'not');
    const token = this.#current;
    if (negate && !negatable.has(token.text)) this.#unexpected();
    const strength = token.kind === 'operator' ? binary[token.text] : undefined;
    if (strength === undefined || strength < precedence) {
      this.#at = start;
      return undefined;
    }
    this.#next();
    const { text, at } = token;
    if (text === '|') {
      const name = this.#expect('identifier');
      return [this.#postfix(this.#call(name, [left])), text];
    }
    if (previous === '??' && text !== '??') {
      this.#fail(`operator (${text}) and coalesce expressions (??) cannot be mixed`, token);
    }
    if (comparisons.has(text)) return [this.#comparison(left, token, strength), text];
    const right = this.#expression(rightAssociative.has(text) ? strength : strength + 1);
    const operator = canonical[text] ?? text;
    const node = this.#node({ kind: 'binary', operator, left, right, at });
    return [negate ? this.#node({ kind: 'unary', operator: '!', node, at }) : node, text];
  }

  /** `a < b < c` is `a < b && b < c`. */
  #comparison(first: Node, operator: Token, strength: number): Node {
    let left = first;
    let token = operator;
    let root: Node | undefined;
    for (;;) {
      const right = this.#expression(strength + 1);
      const { text, at } = token;
      const node = this.#node({ kind: 'binary', operator: text, left, right, at });
      root =
        root === undefined
          ? node
          : this.#node({ kind: 'binary', operator: '&&', left: root, right: node, at });
      if (this.#current.kind !== 'operator' || !comparisons.has(this.#current.text)) return root;
      left = right;
      token = this.#next();
    }
  }

  #variable(): Node {
    const { at } = this.#next();
    const name = this.#expect('identifier').text;
    this.#expect('operator', '=');
    const value = this.#expression(0);
    this.#expect('operator', ';');
    return this.#node({ kind: 'let', name, value, body: this.sequence(), at });
  }

  #conditionalIf(): Node {
    const { at } = this.#next();
    const test = this.#expression(0);
    const block = () => {
      this.#expect('bracket', '{');
      const node = this.sequence();
      this.#expect('bracket', '}');
      return node;
    };
    const then = block();
    this.#expect('operator', 'else');
    const otherwise = this.#is('operator', 'if') ? this.#conditionalIf() : block();
    return this.#node({ kind: 'if', test, then, otherwise, at });
  }

  #ternary(first: Node): Node {
    let node = first;
    while (this.#is('operator', '?')) {
      const { at } = this.#next();
      let then = node;
      if (!this.#is('operator', ':')) then = this.#expression(0);
      this.#expect('operator', ':');
      node = this.#node({ kind: 'if', test: node, then, otherwise: this.#expression(0), at });
    }
    return node;
  }

  #primary(): Node {
    const token = this.#current;
    const { at, text } = token;
    if (token.kind === 'operator') {
      const strength = unary[text];
      if (strength !== undefined) {
        this.#next();
        const operator = (canonical[text] ?? text) as '!' | '-' | '+';
        const node = this.#expression(strength);
        return this.#postfix(this.#node({ kind: 'unary', operator, node, at }));
      }
      if (this.#predicates > 0 && (text === '#' || text === '.')) {
        let name = '';
        if (text === '#') {
          this.#next();
          if (this.#current.kind === 'identifier' && this.#current.at === at + 1) {
            name = this.#next().text;
          }
        }
        return this.#postfix(this.#node({ kind: 'pointer', name, at }));
      }
      if (text === '::') {
        this.#next();
        return this.#postfix(this.#call(this.#expect('identifier'), []));
      }
    }
    if (this.#accept('bracket', '(')) {
      const node = this.sequence();
      this.#expect('bracket', ')');
      return this.#postfix(node);
    }
    return this.#postfix(this.#secondary());
  }

  #secondary(): Node {
    const token = this.#current;
    const { at, text } = token;
    if (token.kind === 'identifier') {
      this.#next();
      if (text === 'true' || text === 'false') {
        return this.#node({ kind: 'bool', value: text === 'true', at });
      }
      if (text === 'nil') return this.#node({ kind: 'nil', at });
      if (this.#is('bracket', '(')) return this.#call(token, []);
      return this.#node({ kind: 'name', name: text, at });
    }
    if (token.kind === 'number') {
      this.#next();
      return this.#number(token);
    }
    if (token.kind === 'string') {
      this.#next();
      return this.#node({ kind: 'string', value: text, at });
    }
    if (this.#is('bracket', '[')) return this.#array();
    if (this.#is('bracket', '{')) return this.#map();
    this.#unexpected();
  }

  #number(token: Token): Node {
    const text = token.text.replaceAll('_', '');
    const { at } = token;
    if (/^0[xXoObB]/.test(text) || /^\d+$/.test(text)) {
      const value = BigInt(text);
      if (value > 0x7fffffffffffffffn) this.#fail('integer literal is too large', token);
      return this.#node({ kind: 'int', value, at });
    }
    const value = Number(text);
    if (!Number.isFinite(value)) this.#fail('float literal is too large', token);
    return this.#node({ kind: 'float', value, at });
  }

  #call(name: Token, piped: readonly Node[]): Node {
    const args: Node[] = [...piped];
    const predicateAt = predicateFunctions.get(name.text);
    this.#expect('bracket', '(');
    while (!this.#is('bracket', ')')) {
      if (args.length > piped.length) {
        this.#expect('operator', ',');
        if (this.#is('bracket', ')')) break;
      }
      args.push(args.length === predicateAt ? this.#predicate() : this.#expression(0));
    }
    this.#expect('bracket', ')');
    return this.#node({ kind: 'call', name: name.text, args, at: name.at });
  }

  #predicate(): Node {
    const braces = this.#accept('bracket', '{');
    this.#predicates += 1;
    const node = braces ? this.sequence() : this.#expression(0);
    this.#predicates -= 1;
    if (braces) this.#expect('bracket', '}');
    return node;
  }

  #array(): Node {
    const { at } = this.#next();
    const items: Node[] = [];
    while (!this.#is('bracket', ']')) {
      if (items.length > 0) {
        this.#expect('operator', ',');
        if (this.#is('bracket', ']')) break;
      }
      items.push(this.#expression(0));
    }
    this.#next();
    return this.#node({ kind: 'array', items, at });
  }

  #map(): Node {
    const { at } = this.#next();
    const pairs: [Node, Node][] = [];
    while (!this.#is('bracket', '}')) {
      if (pairs.length > 0) {
        this.#expect('operator', ',');
        if (this.#is('bracket', '}')) break;
      }
      const key = this.#current;
      let name: Node;
      if (['number', 'string', 'identifier'].includes(key.kind)) {
        this.#next();
        name = { kind: 'string', value: key.text, at: key.at };
      } else if (this.#is('bracket', '(')) name = this.#expression(0);
      else this.#unexpected();
      this.#expect('operator', ':');
      pairs.push([name, this.#expression(0)]);
    }
    this.#next();
    return this.#node({ kind: 'map', pairs, at });
  }

  #postfix(first: Node): Node {
    let node = first;
    for (;;) {
      const { kind, text, at } = this.#current;
      if (kind === 'operator' && (text === '.' || text === '?.')) {
        this.#next();
        if (text === '?.' && this.#is('bracket', '[')) node = this.#index(node, true);
        else node = this.#property(node, text === '?.', at);
      } else if (kind === 'bracket' && text === '[') node = this.#index(node, false);
      else return node;
    }
  }

  #property(base: Node, optional: boolean, at: number): Node {
    const token = this.#next();
    const word =
      token.kind === 'identifier' || (token.kind === 'operator' && /^[a-z]/i.test(token.text));
    if (!word) this.#fail('expected name', token);
    if (this.#is('bracket', '(')) {
      this.#fail(`method ${JSON.stringify(token.text)} is not supported`, token);
    }
    const chained = base.kind === 'chain';
    const property: Node = { kind: 'string', value: token.text, at: token.at };
    const inner = chained ? base.node : base;
    const node = this.#node({ kind: 'member', node: inner, property, optional, at });
    return chained || optional ? { kind: 'chain', node, at } : node;
  }

  #index(base: Node, optional: boolean): Node {
    const { at } = this.#next();
    if (this.#accept('operator', ':')) {
      const to = this.#is('bracket', ']') ? undefined : this.#expression(0);
      this.#expect('bracket', ']');
      return this.#node({ kind: 'slice', node: base, from: undefined, to, at });
    }
    const from = this.#expression(0);
    if (this.#accept('operator', ':')) {
      const to = this.#is('bracket', ']') ? undefined : this.#expression(0);
      this.#expect('bracket', ']');
      return this.#node({ kind: 'slice', node: base, from, to, at });
    }
    this.#expect('bracket', ']');
    const node = this.#node({ kind: 'member', node: base, property: from, optional, at });
    return optional ? { kind: 'chain', node, at } : node;
  }
}
