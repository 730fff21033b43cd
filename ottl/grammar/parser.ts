import { OttlError } from '../errors.ts';
import type {
  ArgumentNode,
  CallNode,
  ConditionNode,
  FieldNode,
  KeyNode,
  LambdaBody,
  LiteralNode,
  MathNode,
  MathOperator,
  PathNode,
  StatementNode,
  ValueNode,
} from './ast.ts';
import { quote } from './quote.ts';
import { errorAt, type Token, type TokenKind, tokenize } from './tokens.ts';

/** Longest text that is read, in UTF-16 units. */
const maxLength = 1 << 18;
/** Deepest nesting of calls, parentheses, lists and maps: rules of the grammar inside each other. */
const maxDepth = 500;
/** Most operators in one sum or product. */
const maxOperators = 1000;

/** The result of a rule at a place: a node and the token after it; undefined = no match. */
type Match<T> = { readonly node: T; readonly next: number } | undefined;

/**
 * A parser by ordered choice: the first alternative that fits at a place is taken for good. What a
 * rule gave at a place is kept, so the time is linear in the text, however deep it nests.
 */
export class Parser {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  /** Results by rule and place. */
  readonly #known = new Map<string, Match<unknown>>();
  #at = 0;
  #depth = 0;
  /** Farthest token that did not fit, and what would have. */
  #worst = 0;
  #expected = '';

  /** @throws OttlError when the text is too long or has no tokens */
  constructor(source: string) {
    if (source.length > maxLength) {
      throw new OttlError(`cannot read a text of ${source.length} characters: over ${maxLength}`);
    }
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  statement(): StatementNode {
    const editor = this.call('lower') ?? this.call('upper');
    if (editor === undefined) throw this.#unexpected();
    const where = this.#attempt(() => (this.#literal('where') ? this.condition() : undefined));
    this.#end();
    return { editor, where };
  }

  wholeCondition(): ConditionNode {
    const node = this.condition();
    if (node === undefined) throw this.#unexpected();
    this.#end();
    return node;
  }

  wholeValue(): ValueNode {
    const node = this.value();
    if (node === undefined) throw this.#unexpected();
    this.#end();
    return node;
  }

  #end(): void {
    if (this.#peek().kind !== 'end') throw this.#unexpected();
  }

  #unexpected(): OttlError {
    this.#fail('');
    const token = this.#tokens[this.#worst]!;
    const hint = this.#expected === '' ? '' : ` (expected ${this.#expected})`;
    return errorAt(this.#source, token.at, `unexpected token ${quote(token.text)}${hint}`);
  }

  #peek(): Token {
    return this.#tokens[this.#at]!;
  }

  /** Notes that the token at hand did not fit. */
  #fail(expected: string): undefined {
    if (this.#at > this.#worst || (this.#at === this.#worst && expected !== '')) {
      this.#worst = this.#at;
      this.#expected = expected;
    }
    return undefined;
  }

  #take(kind: TokenKind): string | undefined {
    const token = this.#peek();
    if (token.kind !== kind) return this.#fail('');
    this.#at += 1;
    return token.text;
  }

  /** Takes a token that is written so; strings are never meant. */
  #literal(text: string, expected = ''): boolean {
    const token = this.#peek();
    if (token.text !== text || token.kind === 'string') {
      this.#fail(expected);
      return false;
    }
    this.#at += 1;
    return true;
  }

  /** Runs a rule; when it gives nothing the place is as before. */
  #attempt<T>(rule: () => T | undefined): T | undefined {
    const start = this.#at;
    const node = rule();
    if (node === undefined) this.#at = start;
    return node;
  }

  /** Runs a rule that may nest, once a place. */
  #once<T>(name: string, rule: () => T | undefined): T | undefined {
    const key = `${this.#at}${name}`;
    const known = this.#known.get(key);
    if (known !== undefined || this.#known.has(key)) {
      if (known === undefined) return undefined;
      this.#at = known.next;
      return known.node as T;
    }
    this.#depth += 1;
    if (this.#depth > maxDepth) {
      throw errorAt(this.#source, this.#peek().at, 'nested too deep');
    }
    const node = this.#attempt(rule);
    this.#depth -= 1;
    this.#known.set(key, node === undefined ? undefined : { node, next: this.#at });
    return node;
  }

  condition(): ConditionNode | undefined {
    return this.#once('or', () => this.#chain('or', () => this.#term()));
  }

  #term(): ConditionNode | undefined {
    return this.#chain('and', () => this.#booleanValue());
  }

  #chain(kind: 'or' | 'and', rule: () => ConditionNode | undefined): ConditionNode | undefined {
    const first = rule();
    if (first === undefined) return undefined;
    const terms = [first];
    for (;;) {
      const next = this.#attempt(() => (this.#take(kind) === undefined ? undefined : rule()));
      if (next === undefined) break;
      terms.push(next);
    }
    return terms.length === 1 ? first : { kind, terms };
  }

  #booleanValue(): ConditionNode | undefined {
    return this.#attempt(() => {
      const negated = this.#take('not') !== undefined;
      const term = this.#comparison() ?? this.#constant() ?? this.#parenthesised();
      return term !== undefined && negated ? { kind: 'not', term } : term;
    });
  }

  #comparison(): ConditionNode | undefined {
    return this.#attempt(() => {
      const left = this.value();
      if (left === undefined) return undefined;
      const token = this.#peek();
      if (token.kind !== 'comparison') return this.#fail('<opcomparison> Value');
      this.#at += 1;
      const right = this.value();
      if (right === undefined) return this.#fail('Value');
      return { kind: 'comparison', operator: token.text as '==', left, right };
    });
  }

  #constant(): ConditionNode | undefined {
    const text = this.#take('boolean');
    if (text !== undefined) return { kind: 'constant', value: text === 'true' };
    const call = this.call('upper');
    return call === undefined ? undefined : { kind: 'converter', call };
  }

  #parenthesised(): ConditionNode | undefined {
    return this.#attempt(() => {
      if (!this.#literal('(')) return undefined;
      const inner = this.condition();
      return inner !== undefined && this.#literal(')', '")"') ? inner : undefined;
    });
  }

  /** A name of adjacent tokens that begins in the given case. */
  #name(first: 'lower' | 'upper'): string | undefined {
    let name = this.#take(first);
    if (name === undefined) return undefined;
    while (this.#peek().kind === 'lower' || this.#peek().kind === 'upper') {
      name += this.#peek().text;
      this.#at += 1;
    }
    return name;
  }

  call(first: 'lower' | 'upper'): CallNode | undefined {
    return this.#once(first, () => {
      const name = this.#name(first);
      if (name === undefined) return undefined;
      if (!this.#literal('(', '"(" (Argument ("," Argument)*)? ")" Key*')) return undefined;
      const list = this.#separated(() => this.#argument());
      if (!this.#literal(')', '")" Key*')) return undefined;
      return { kind: 'call', editor: first === 'lower', name, arguments: list, keys: this.#keys() };
    });
  }

  /** Elements with commas between them; none is fine. */
  #separated<T>(rule: () => T | undefined): T[] {
    const first = rule();
    const list = first === undefined ? [] : [first];
    while (list.length > 0) {
      const next = this.#attempt(() => (this.#literal(',') ? rule() : undefined));
      if (next === undefined) break;
      list.push(next);
    }
    return list;
  }

  #argument(): ArgumentNode | undefined {
    return this.#attempt(() => {
      const name =
        this.#attempt(() => {
          const text = this.#name('lower');
          return text !== undefined && this.#literal('=') ? text : undefined;
        }) ?? '';
      const value = this.value();
      if (value !== undefined) return { name, value };
      const callee = this.#name('upper');
      return callee === undefined ? undefined : { name, value: { kind: 'function', name: callee } };
    });
  }

  value(): ValueNode | undefined {
    return this.#once('value', () => {
      if (this.#take('nil') !== undefined) return { kind: 'nil' };
      return (
        this.#bareLiteral() ??
        this.#lambda() ??
        this.#mathValueNode() ??
        this.#simple() ??
        this.#map() ??
        this.#list()
      );
    });
  }

  /** A literal with no arithmetic after it. */
  #bareLiteral(): LiteralNode | undefined {
    return this.#attempt(() => {
      const node = this.#mathLiteral();
      if (node === undefined) return undefined;
      const { kind } = this.#peek();
      return kind === 'addSub' || kind === 'multDiv' ? undefined : node;
    });
  }

  #mathLiteral(): LiteralNode | undefined {
    const call = this.call('lower') ?? this.call('upper');
    if (call !== undefined) return call;
    const token = this.#peek();
    if (token.kind === 'float') {
      this.#at += 1;
      return { kind: 'float', value: this.#float(token) };
    }
    if (token.kind === 'int') {
      this.#at += 1;
      return { kind: 'int', value: this.#int(token) };
    }
    return this.#path();
  }

  #float(token: Token): number {
    const value = Number(token.text);
    if (Number.isFinite(value)) return value;
    throw errorAt(this.#source, token.at, `failed to conform: ${token.text} is out of range`);
  }

  /** Base by prefix, as `010` is eight. */
  #int(token: Token): bigint {
    const { text } = token;
    const octal = text.length > 1 && text.startsWith('0');
    if (octal && !/^[0-7]+$/.test(text)) {
      throw errorAt(this.#source, token.at, `failed to conform: ${text} is not an octal number`);
    }
    const value = BigInt(octal ? `0o${text}` : text);
    if (value < 1n << 63n) return value;
    throw errorAt(this.#source, token.at, `failed to conform: ${text} is out of range`);
  }

  #path(): PathNode | undefined {
    return this.#once('path', () => {
      const { at } = this.#peek();
      const context =
        this.#attempt(() => {
          const name = this.#take('lower');
          return name !== undefined && this.#literal('.') ? name : undefined;
        }) ?? '';
      const first = this.#field();
      if (first === undefined) return undefined;
      const fields = [first];
      for (;;) {
        const next = this.#attempt(() => (this.#literal('.') ? this.#field() : undefined));
        if (next === undefined) break;
        fields.push(next);
      }
      return { kind: 'path', at, context, fields };
    });
  }

  #field(): FieldNode | undefined {
    const name = this.#take('lower');
    return name === undefined ? undefined : { name, keys: this.#keys() };
  }

  #keys(): KeyNode[] {
    const keys: KeyNode[] = [];
    for (;;) {
      const key = this.#attempt(() => this.#key());
      if (key === undefined) return keys;
      keys.push(key);
    }
  }

  #key(): KeyNode | undefined {
    if (!this.#literal('[')) return undefined;
    const token = this.#peek();
    let key: KeyNode | undefined;
    if (token.kind === 'string') {
      this.#at += 1;
      key = { kind: 'string', value: token.text };
    } else if (token.kind === 'int') {
      this.#at += 1;
      key = { kind: 'int', value: this.#int(token) };
    } else {
      const math = this.#math();
      if (math !== undefined) key = { kind: 'math', value: math };
    }
    return key !== undefined && this.#literal(']', '"]"') ? key : undefined;
  }

  #lambda(): ValueNode | undefined {
    return this.#attempt(() => {
      if (!this.#literal('(')) return undefined;
      const identifier = () => this.#take('lower') ?? this.#take('underscore');
      const parameters = this.#separated(identifier);
      if (!this.#literal(')') || this.#take('arrow') === undefined) return undefined;
      const body = this.#lambdaBody();
      return body === undefined ? undefined : { kind: 'lambda', parameters, body };
    });
  }

  #lambdaBody(): LambdaBody | undefined {
    const value = this.#attempt(() => {
      const node = this.value();
      const { kind } = this.#peek();
      return kind === 'or' || kind === 'and' || kind === 'comparison' ? undefined : node;
    });
    if (value !== undefined) return { kind: 'value', value };
    const condition = this.condition();
    return condition === undefined ? undefined : { kind: 'condition', value: condition };
  }

  #mathValueNode(): ValueNode | undefined {
    const value = this.#math();
    return value === undefined ? undefined : { kind: 'math', value };
  }

  #math(): MathNode | undefined {
    return this.#once('math', () =>
      this.#operators('addSub', () => this.#operators('multDiv', () => this.#mathOperand())),
    );
  }

  #operators(kind: 'addSub' | 'multDiv', rule: () => MathNode | undefined): MathNode | undefined {
    let left = rule();
    for (let count = 0; left !== undefined; count += 1) {
      const before: MathNode = left;
      if (count > maxOperators) {
        throw errorAt(this.#source, this.#peek().at, `over ${maxOperators} operators in a row`);
      }
      const joined = this.#attempt((): MathNode | undefined => {
        const operator = this.#take(kind) as MathOperator | undefined;
        const right = operator === undefined ? undefined : rule();
        return right && { kind: 'binary', operator: operator!, left: before, right };
      });
      if (joined === undefined) return left;
      left = joined;
    }
    return left;
  }

  #mathOperand(): MathNode | undefined {
    return this.#attempt(() => {
      const operator = this.#take('addSub') as '+' | '-' | undefined;
      const operand =
        this.#mathLiteral() ??
        this.#attempt(() => {
          const inner = this.#literal('(') ? this.#math() : undefined;
          return inner !== undefined && this.#literal(')', '")"') ? inner : undefined;
        });
      if (operand === undefined || operator === undefined) return operand;
      return { kind: 'sign', operator, operand };
    });
  }

  #simple(): ValueNode | undefined {
    const token = this.#peek();
    this.#at += 1;
    switch (token.kind) {
      case 'bytes':
        return { kind: 'bytes', value: this.#bytes(token) };
      case 'string':
        return { kind: 'string', value: token.text };
      case 'boolean':
        return { kind: 'bool', value: token.text === 'true' };
      case 'upper':
        if (this.#peek().kind !== 'lower') return { kind: 'enum', name: token.text };
    }
    this.#at -= 1;
    return this.#fail('');
  }

  #bytes(token: Token): Uint8Array {
    const digits = token.text.slice(2);
    if (digits.length % 2 === 0) return new Uint8Array(Buffer.from(digits, 'hex'));
    const what = 'failed to capture: encoding/hex: odd length hex string';
    throw errorAt(this.#source, token.at, what);
  }

  #map(): ValueNode | undefined {
    return this.#attempt(() => {
      if (!this.#literal('{')) return undefined;
      const entries: [string, ValueNode][] = [];
      for (;;) {
        const entry = this.#attempt((): [string, ValueNode] | undefined => {
          const key = this.#take('string');
          if (key === undefined || !this.#literal(':', '":" Value')) return undefined;
          const value = this.value();
          return value === undefined ? undefined : [key, value];
        });
        if (entry === undefined) break;
        entries.push(entry);
        this.#literal(',');
      }
      return this.#literal('}', '"}"') ? { kind: 'map', entries } : undefined;
    });
  }

  #list(): ValueNode | undefined {
    return this.#attempt(() => {
      if (!this.#literal('[')) return undefined;
      const values: ValueNode[] = [];
      const take = (rule: () => ValueNode | undefined): void => {
        for (let next = this.#attempt(rule); next !== undefined; next = this.#attempt(rule)) {
          values.push(next);
        }
      };
      take(() => this.value());
      take(() => (this.#literal(',') ? this.value() : undefined));
      return this.#literal(']', '"]"') ? { kind: 'list', values } : undefined;
    });
  }
}
