import { compileRegexp, type GoRegexp } from '../pdata/regexp/index.ts';
import type { Node } from './ast.ts';
import { functions, printValue, toInt } from './functions.ts';
import {
  arithmetic,
  compare,
  ExprRuntimeError,
  ExprSyntaxError,
  equal,
  isNumber,
  typeName,
  type Value,
} from './value.ts';

/** How an expression reads a variable of the thing that it is evaluated for. */
export type Variables<P> = ReadonlyMap<string, (place: P) => Value>;

/** What one evaluation stands on. */
interface Frame<P> {
  readonly place: P;
  /** `let` variables, innermost last. */
  readonly locals: Value[];
  /** Elements that predicates stand on, innermost last. */
  readonly elements: Value[];
  readonly indices: number[];
}

type Run<P> = (frame: Frame<P>) => Value;

/** What the compiler is told from outside. */
export interface CompileOptions<P> {
  readonly variables: Variables<P>;
  /** Functions of the caller's own, e.g. `HasLabel("a")`. */
  readonly methods?: ReadonlyMap<string, (place: P, args: readonly Value[]) => Value>;
  /** An environment variable; '' when it is not set. */
  readonly environment: (name: string) => string;
}

/** Elements that one range may have. */
const maxRange = 1_000_000;

/** Turns a checked tree into a function. */
export function compileNode<P>(node: Node, options: CompileOptions<P>): (place: P) => Value {
  const run = new Compiler(options).node(node, []);
  return (place) => run({ place, locals: [], elements: [], indices: [] });
}

class Compiler<P> {
  readonly #options: CompileOptions<P>;
  readonly #regexps = new Map<string, GoRegexp>();

  constructor(options: CompileOptions<P>) {
    this.#options = options;
  }

  node(node: Node, scope: readonly string[]): Run<P> {
    switch (node.kind) {
      case 'nil':
        return () => null;
      case 'bool':
      case 'int':
      case 'float':
      case 'string': {
        const { value } = node;
        return () => value;
      }
      case 'name':
        return this.#name(node.name, scope);
      case 'pointer':
        if (node.name === 'index') return (f) => BigInt(f.indices.at(-1)!);
        return (f) => f.elements.at(-1)!;
      case 'unary':
        return this.#unary(node, scope);
      case 'binary':
        return this.#binary(node, scope);
      case 'chain':
        return this.#chain(node.node, scope);
      case 'member': {
        const [base, key] = [this.node(node.node, scope), this.node(node.property, scope)];
        return (f) => fetch(base(f), key(f));
      }
      case 'slice':
        return this.#slice(node, scope);
      case 'if': {
        const test = this.#condition(node.test, scope);
        const [then, otherwise] = [this.node(node.then, scope), this.node(node.otherwise, scope)];
        return (f) => (test(f) ? then(f) : otherwise(f));
      }
      case 'let':
        return this.#let(node, scope);
      case 'array': {
        const items = node.items.map((item) => this.node(item, scope));
        return (f) => items.map((item) => item(f));
      }
      case 'map': {
        const pairs = node.pairs.map(
          ([k, v]) => [this.node(k, scope), this.node(v, scope)] as const,
        );
        return (f) => new Map(pairs.map(([k, v]) => [String(k(f)), v(f)]));
      }
      case 'call':
        return this.#call(node, scope);
    }
  }

  #name(name: string, scope: readonly string[]): Run<P> {
    const local = scope.lastIndexOf(name);
    if (local >= 0) return (f) => f.locals[local]!;
    const read = this.#options.variables.get(name);
    return read === undefined ? () => null : (f) => read(f.place);
  }

  #let(node: Extract<Node, { kind: 'let' }>, scope: readonly string[]): Run<P> {
    const value = this.node(node.value, scope);
    const body = this.node(node.body, [...scope, node.name]);
    const at = scope.length;
    return (f) => {
      f.locals[at] = value(f);
      return body(f);
    };
  }

  #condition(node: Node, scope: readonly string[]): (frame: Frame<P>) => boolean {
    const run = this.node(node, scope);
    return (f) => {
      const value = run(f);
      if (typeof value !== 'boolean') {
        throw new ExprRuntimeError(`expected bool, got ${typeName(value)}`);
      }
      return value;
    };
  }

  #unary(node: Extract<Node, { kind: 'unary' }>, scope: readonly string[]): Run<P> {
    if (node.operator === '!') {
      const test = this.#condition(node.node, scope);
      return (f) => !test(f);
    }
    const run = this.node(node.node, scope);
    if (node.operator === '+') return run;
    return (f) => {
      const value = run(f);
      if (typeof value === 'bigint') return BigInt.asIntN(64, -value);
      if (typeof value === 'number') return -value;
      throw new ExprRuntimeError(`invalid operation: - ${typeName(value)}`);
    };
  }

  #binary(node: Extract<Node, { kind: 'binary' }>, scope: readonly string[]): Run<P> {
    const { operator } = node;
    if (operator === '&&' || operator === '||') {
      const [left, right] = [this.#condition(node.left, scope), this.#condition(node.right, scope)];
      return operator === '&&' ? (f) => left(f) && right(f) : (f) => left(f) || right(f);
    }
    const [left, right] = [this.node(node.left, scope), this.node(node.right, scope)];
    switch (operator) {
      case '==':
        return (f) => equal(left(f), right(f));
      case '!=':
        return (f) => !equal(left(f), right(f));
      case '<':
        return (f) => compare(left(f), right(f), '<') < 0;
      case '<=':
        return (f) => compare(left(f), right(f), '<=') <= 0;
      case '>':
        return (f) => compare(left(f), right(f), '>') > 0;
      case '>=':
        return (f) => compare(left(f), right(f), '>=') >= 0;
      case '??':
        return (f) => left(f) ?? right(f);
      case 'in':
        return (f) => contained(left(f), right(f));
      case 'matches':
        return this.#matches(node, left, right);
      case 'contains':
        return texts(left, right, operator, (a, b) => a.includes(b));
      case 'startsWith':
        return texts(left, right, operator, (a, b) => a.startsWith(b));
      case 'endsWith':
        return texts(left, right, operator, (a, b) => a.endsWith(b));
      case '..':
        return (f) => range(left(f), right(f));
      default:
        return (f) => arithmetic(operator, left(f), right(f));
    }
  }

  #matches(node: Extract<Node, { kind: 'binary' }>, left: Run<P>, right: Run<P>): Run<P> {
    if (node.right.kind === 'string') {
      const regexp = this.#regexp(node.right.value, node.at);
      return texts(left, right, 'matches', (text) => regexp.test(text));
    }
    // Patterns that come with the data: compiled anew, they have no bound number.
    return texts(left, right, 'matches', (text, pattern) => {
      try {
        return compileRegexp(pattern).test(text);
      } catch (error) {
        throw new ExprRuntimeError((error as Error).message);
      }
    });
  }

  #regexp(pattern: string, at: number): GoRegexp {
    const known = this.#regexps.get(pattern);
    if (known !== undefined) return known;
    try {
      const made = compileRegexp(pattern);
      this.#regexps.set(pattern, made);
      return made;
    } catch (error) {
      throw new ExprSyntaxError((error as Error).message, at);
    }
  }

  /** Members after `?.`: nil on the way ends the whole chain. */
  #chain(node: Node, scope: readonly string[]): Run<P> {
    const steps: Extract<Node, { kind: 'member' }>[] = [];
    let here = node;
    while (here.kind === 'member') {
      steps.unshift(here);
      here = here.node;
    }
    const base = this.node(here, scope);
    const keys = steps.map((step) => this.node(step.property, scope));
    return (f) => {
      let value = base(f);
      for (let i = 0; i < keys.length; i += 1) {
        if (value === null && steps[i]!.optional) return null;
        value = fetch(value, keys[i]!(f));
      }
      return value;
    };
  }

  #slice(node: Extract<Node, { kind: 'slice' }>, scope: readonly string[]): Run<P> {
    const base = this.node(node.node, scope);
    const from = node.from === undefined ? undefined : this.node(node.from, scope);
    const to = node.to === undefined ? undefined : this.node(node.to, scope);
    return (f) => {
      const value = base(f);
      const edges = [
        from === undefined ? 0 : toInt(from(f)),
        to === undefined ? undefined : toInt(to(f)),
      ];
      if (Array.isArray(value)) return value.slice(...span(value.length, edges));
      if (typeof value === 'string') {
        const bytes = Buffer.from(value);
        return bytes.subarray(...span(bytes.length, edges)).toString();
      }
      throw new ExprRuntimeError(`cannot slice ${printValue(value)}`);
    };
  }

  #call(node: Extract<Node, { kind: 'call' }>, scope: readonly string[]): Run<P> {
    const { name } = node;
    if (name === 'env') {
      const argument = this.node(node.args[0]!, scope);
      return (f) => {
        const key = argument(f);
        if (typeof key !== 'string') throw new ExprRuntimeError('env takes a string');
        return this.#options.environment(key);
      };
    }
    const known = functions.get(name);
    const method = this.#options.methods?.get(name);
    if (known === undefined && method === undefined) return this.#predicateCall(node, scope);
    const args = node.args.map((arg) => this.node(arg, scope));
    if (known === undefined)
      return (f) =>
        method!(
          f.place,
          args.map((arg) => arg(f)),
        );
    const { call } = known;
    return (f) => call(args.map((arg) => arg(f)));
  }

  #predicateCall(node: Extract<Node, { kind: 'call' }>, scope: readonly string[]): Run<P> {
    const source = this.node(node.args[0]!, scope);
    const predicate = node.args[1] === undefined ? undefined : this.node(node.args[1], scope);
    const finish = overArray(node.name);
    return (f) => {
      const values = source(f);
      if (!Array.isArray(values)) {
        throw new ExprRuntimeError(
          `builtin ${node.name} takes only array (got ${typeName(values)})`,
        );
      }
      return finish(values, (element, index) => {
        if (predicate === undefined) return element;
        f.elements.push(element);
        f.indices.push(index);
        try {
          return predicate(f);
        } finally {
          f.elements.pop();
          f.indices.pop();
        }
      });
    };
  }
}

type Apply = (element: Value, index: number) => Value;

function truth(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  throw new ExprRuntimeError(`expected bool, got ${typeName(value)}`);
}

function overArray(name: string): (values: readonly Value[], apply: Apply) => Value {
  const test = (apply: Apply) => (v: Value, i: number) => truth(apply(v, i));
  switch (name) {
    case 'all':
      return (values, apply) => values.every(test(apply));
    case 'any':
      return (values, apply) => values.some(test(apply));
    case 'none':
      return (values, apply) => !values.some(test(apply));
    case 'one':
      return (values, apply) => values.filter(test(apply)).length === 1;
    case 'filter':
      return (values, apply) => values.filter(test(apply));
    case 'count':
      return (values, apply) => BigInt(values.filter(test(apply)).length);
    case 'map':
      return (values, apply) => values.map(apply);
    case 'find':
      return (values, apply) => values.find(test(apply)) ?? null;
    case 'findLast':
      return (values, apply) => values.findLast(test(apply)) ?? null;
    case 'findIndex':
      return (values, apply) => found(values.findIndex(test(apply)));
    case 'findLastIndex':
      return (values, apply) => found(values.findLastIndex(test(apply)));
    case 'sum':
      return (values, apply) =>
        values.map(apply).reduce<Value>((sum, value) => arithmetic('+', sum, value), 0n);
    default:
      throw new Error(`BUG: function ${name}`);
  }
}

function found(index: number): Value {
  return index < 0 ? null : BigInt(index);
}

function texts<P>(
  left: Run<P>,
  right: Run<P>,
  operator: string,
  test: (a: string, b: string) => boolean,
): Run<P> {
  return (f) => {
    const [a, b] = [left(f), right(f)];
    if (a === null || b === null) return false;
    if (typeof a === 'string' && typeof b === 'string') return test(a, b);
    if (a instanceof Uint8Array && typeof b === 'string') {
      return test(Buffer.from(a).toString(), b);
    }
    throw new ExprRuntimeError(`invalid operation: ${typeName(a)} ${operator} ${typeName(b)}`);
  };
}

function fetch(from: Value, key: Value): Value {
  if (from instanceof Map) {
    if (typeof key === 'string') return from.get(key) ?? null;
    throw new ExprRuntimeError(`cannot use ${typeName(key)} as a key of a map`);
  }
  if (Array.isArray(from) || typeof from === 'string') {
    if (!isNumber(key))
      throw new ExprRuntimeError(`cannot fetch ${printValue(key)} from ${typeName(from)}`);
    const index = toInt(key);
    const values = typeof from === 'string' ? Buffer.from(from) : from;
    const value = values.at(index);
    if (value === undefined) {
      throw new ExprRuntimeError(`index out of range: ${index} (array length is ${values.length})`);
    }
    return typeof value === 'number' && typeof from === 'string' ? BigInt(value) : value;
  }
  throw new ExprRuntimeError(`cannot fetch ${printValue(key)} from ${typeName(from)}`);
}

function contained(needle: Value, hay: Value): boolean {
  if (hay === null) return false;
  if (Array.isArray(hay)) return hay.some((value) => equal(value, needle));
  if (hay instanceof Map) {
    if (typeof needle === 'string') return hay.has(needle);
    if (needle === null) return hay.has('');
    throw new ExprRuntimeError(`cannot use ${typeName(needle)} as a key of a map`);
  }
  throw new ExprRuntimeError(`operator "in" not defined on ${typeName(hay)}`);
}

function range(from: Value, to: Value): Value[] {
  const [low, high] = [toInt(from), toInt(to)];
  const size = high - low + 1;
  if (size > maxRange) throw new ExprRuntimeError('memory budget exceeded');
  return size <= 0 ? [] : Array.from({ length: size }, (_, i) => BigInt(low + i));
}

function span(length: number, edges: readonly (number | undefined)[]): [number, number] {
  const place = (edge: number) => Math.min(Math.max(edge < 0 ? length + edge : edge, 0), length);
  const to = place(edges[1] ?? length);
  return [Math.min(place(edges[0] ?? 0), to), to];
}
