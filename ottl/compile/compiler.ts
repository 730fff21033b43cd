import { compareValues } from '../compare.ts';
import { OttlError, OttlRuntimeError } from '../errors.ts';
import type { Environment, Evaluate, FunctionTable, Getter } from '../functions/types.ts';
import type {
  CallNode,
  ConditionNode,
  FieldNode,
  KeyNode,
  MathNode,
  PathNode,
  ValueNode,
} from '../grammar/ast.ts';
import { pathText } from '../grammar/check.ts';
import type { PathAccess } from '../paths/access.ts';
import {
  bareContext,
  type ContextName,
  enumNumber,
  pathContexts,
  resolvePath,
} from '../paths/contexts.ts';
import { getIndexed, isStorable } from '../paths/nested.ts';
import { type Key, Segment } from '../paths/segments.ts';
import type { Place } from '../place.ts';
import { type OttlMap, type OttlValue, typeName } from '../values.ts';
import { buildArguments } from './arguments.ts';
import { fastComparison, fastCondition } from './fast-condition.ts';
import { binary, negate } from './math.ts';

interface CompilerOptions {
  readonly context: ContextName;
  readonly functions: FunctionTable;
  readonly environment: Environment;
  /** `named`: paths must begin with a context; `prepend`: bare ones are the context's own. */
  readonly paths: 'plain' | 'named' | 'prepend';
}

/** A condition: compiled, or known when the statement was compiled. */
export type Test = boolean | ((place: Place) => boolean);

/** What an expression is compiled to. */
export interface Operand extends Getter {
  /** It is a path. */
  readonly path?: PathAccess;
  /** Always the same, though not a literal of the language: a converter of literals. */
  readonly constant?: OttlValue;
  /** It is a call without indexes. */
  readonly call?: CallNode;
}

const literal = (value: OttlValue): Operand => ({ isLiteral: true, get: () => value });

const dynamic = (get: Evaluate): Operand => ({ isLiteral: false, get });

/** Converters whose value depends on more than their arguments. */
const impure: ReadonlySet<string> = new Set(['Now', 'UUID', 'UUIDv7']);

const lambdaGate = new OttlError(
  'lambda expression arguments require the `ottl.functions.enableLambda` feature gate to be enabled',
);

/** Turns nodes into closures. Faults in the text are OttlErrors. */
export class Compiler {
  readonly options: CompilerOptions;
  /** Contexts that targets of editors name: what is written. */
  readonly written = new Set<string>();

  constructor(options: CompilerOptions) {
    this.options = options;
  }

  value(node: ValueNode): Operand {
    switch (node.kind) {
      case 'nil':
        return literal(null);
      case 'string':
      case 'bool':
      case 'bytes':
      case 'float':
      case 'int':
        return literal(node.value);
      case 'enum':
        return literal(enumNumber(this.options.context, node.name));
      case 'lambda':
        throw lambdaGate;
      case 'path':
        return this.path(node);
      case 'call':
        return this.converter(node);
      case 'list':
        return this.#list(node.values);
      case 'map':
        return this.#map(node.entries);
      case 'math':
        return this.#math(node.value);
    }
  }

  #list(nodes: readonly ValueNode[]): Operand {
    const parts = nodes.map((node) => this.value(node));
    const get: Evaluate = (place) => parts.map((part) => part.get(place));
    return parts.every((part) => part.isLiteral) ? { isLiteral: true, get } : dynamic(get);
  }

  #map(nodes: readonly (readonly [string, ValueNode])[]): Operand {
    const parts = nodes.map(([key, node]) => ({ key, node, operand: this.value(node) }));
    const get: Evaluate = (place) => {
      const map: OttlMap = new Map();
      for (const { key, node, operand } of parts) {
        const value = operand.get(place);
        checkEntry(value, node, true);
        map.set(key, value);
      }
      return map;
    };
    if (!parts.every(({ operand }) => operand.isLiteral)) return dynamic(get);
    get(undefined as never);
    return { isLiteral: true, get };
  }

  #math(node: MathNode): Operand {
    switch (node.kind) {
      case 'binary':
        return dynamic(binary(this.#math(node.left), node.operator, this.#math(node.right)));
      case 'sign':
        return this.#sign(node.operator, node.operand);
      default:
        return this.value(node);
    }
  }

  #sign(operator: '+' | '-', node: MathNode): Operand {
    if (operator === '+') return this.#math(node);
    if (node.kind === 'float') return literal(-node.value);
    if (node.kind === 'int') return literal(-node.value);
    return dynamic(negate(this.#math(node)));
  }

  /** @throws OttlError for a path that the context does not have */
  path(node: PathNode): Operand {
    const path = this.access(node);
    return { isLiteral: false, get: path.get, path };
  }

  /** The path of an editor's target. @throws OttlError */
  target(node: PathNode): PathAccess {
    const { named, fields } = this.#contextOf(node);
    const { context } = this.options;
    this.written.add(named === '' ? bareContext(context, fields[0]!.name) : named);
    return this.access(node);
  }

  access(node: PathNode): PathAccess {
    const { named, fields } = this.#contextOf(node);
    const text = pathText(node);
    let segment: Segment | undefined;
    for (const field of fields.toReversed()) {
      segment = new Segment(field.name, this.keys(field.keys), text, segment);
    }
    return resolvePath(this.options.context, named, segment!);
  }

  /** Which context a path names, and the segments inside it. */
  #contextOf({ context, fields, ...node }: PathNode): {
    named: string;
    fields: readonly FieldNode[];
  } {
    const all = context === '' ? fields : [{ name: context, keys: [] }, ...fields];
    if (this.options.paths === 'plain') return { named: '', fields: all };
    const names = pathContexts(this.options.context);
    if (context !== '' && names.includes(context)) return { named: context, fields };
    if (this.options.paths === 'prepend') return { named: this.options.context, fields: all };
    const path = pathText({ context, fields, ...node });
    if (context !== '') {
      const list = names.map((name) => `"${name}"`).join(', ');
      throw new OttlError(
        `context "${context}" from path "${path}" is not valid, it must be replaced by one of: ${list}`,
      );
    }
    const list = names.map((name) => `"${name}.${path}"`).join(', ');
    throw new OttlError(
      `missing context name for path "${path}", possibly valid options are: ${list}`,
    );
  }

  keys(nodes: readonly KeyNode[]): Key[] {
    return nodes.map((node): Key => {
      if (node.kind === 'string') return { text: node.value };
      if (node.kind === 'int') return { number: node.value };
      return { expression: this.#math(node.value) };
    });
  }

  /** @throws OttlError for an unknown function or arguments that do not fit */
  call(node: CallNode): Evaluate {
    const entry = this.options.functions.get(node.name);
    if (entry === undefined) throw new OttlError(`undefined function "${node.name}"`);
    let args: Readonly<Record<string, unknown>>;
    try {
      args = buildArguments(this, entry, node);
    } catch (error) {
      throw new OttlError(
        `error while parsing arguments for call to "${node.name}": ${(error as Error).message}`,
      );
    }
    try {
      return entry.make(args, this.options.environment);
    } catch (error) {
      throw new OttlError(`couldn't create function: ${(error as Error).message}`);
    }
  }

  converter(node: CallNode): Operand {
    const evaluate = this.call(node);
    const keys = this.keys(node.keys);
    const get: Evaluate =
      keys.length === 0 ? evaluate : (place) => getIndexed(evaluate(place), keys, place);
    const known = isConstant(node) ? constantOf(get) : undefined;
    if (known !== undefined) return { isLiteral: false, get: () => known, constant: known };
    return keys.length === 0 ? { isLiteral: false, get, call: node } : dynamic(get);
  }

  condition(node: ConditionNode): Test {
    switch (node.kind) {
      case 'constant':
        return node.value;
      case 'not': {
        const inner = this.condition(node.term);
        return typeof inner === 'boolean' ? !inner : (place) => !inner(place);
      }
      case 'and':
        return joined(
          node.terms.map((term) => this.condition(term)),
          false,
        );
      case 'or':
        return joined(
          node.terms.map((term) => this.condition(term)),
          true,
        );
      case 'converter':
        return this.#converterTest(node.call);
      case 'comparison':
        return this.#comparison(node);
    }
  }

  #converterTest(node: CallNode): Test {
    const operand = this.converter(node);
    const fast = fastCondition(this, operand);
    if (fast !== undefined) return fast;
    return (place) => {
      const value = operand.get(place);
      if (typeof value === 'boolean') return value;
      const got = typeName(value);
      throw new OttlRuntimeError(
        `value returned from Converter in constant expression must be bool but got ${got}`,
      );
    };
  }

  #comparison({ left, operator, right }: ConditionNode & { kind: 'comparison' }): Test {
    const a = this.value(left);
    const b = this.value(right);
    if (a.isLiteral && b.isLiteral) {
      return compareValues(a.get(undefined as never), b.get(undefined as never), operator);
    }
    const fast = fastComparison(a, operator, b);
    if (fast !== undefined) return fast;
    return (place) => {
      const value = a.get(place);
      return compareValues(value, b.get(place), operator);
    };
  }
}

/**
 * What a map that a statement writes may hold: maps, and lists that the statement writes out, which
 * hold maps only directly. @throws OttlRuntimeError
 */
function checkEntry(value: OttlValue, node: ValueNode, mapsAllowed: boolean): void {
  if (node.kind === 'list' && Array.isArray(value)) {
    node.values.forEach((inner, i) => {
      checkEntry(value[i]!, inner, mapsAllowed && inner.kind !== 'list');
    });
    return;
  }
  if (value instanceof Map ? mapsAllowed : isStorable(value) && !Array.isArray(value)) return;
  throw new OttlRuntimeError(`<Invalid value type ${typeName(value)}>`);
}

/** Terms joined by `or` (decisive = true) or `and`; constant ones are worked out at once. */
function joined(terms: readonly Test[], decisive: boolean): Test {
  if (terms.includes(decisive)) return decisive;
  const open = terms.filter((term) => typeof term === 'function');
  if (open.length === 0) return !decisive;
  if (open.length === 1) return open[0]!;
  if (open.length === 2) {
    const [a, b] = open as [(place: Place) => boolean, (place: Place) => boolean];
    return decisive ? (place) => a(place) || b(place) : (place) => a(place) && b(place);
  }
  return (place) => {
    for (const term of open) if (term(place) === decisive) return decisive;
    return !decisive;
  };
}

function isConstant({ name, arguments: list, keys }: CallNode): boolean {
  if (impure.has(name) || keys.length > 0) return false;
  return list.length > 0 && list.every(({ value }) => isPlain(value));
}

function isPlain(node: CallNode['arguments'][number]['value']): boolean {
  switch (node.kind) {
    case 'string':
    case 'int':
    case 'float':
    case 'bytes':
    case 'bool':
      return true;
    case 'list':
      return node.values.every(isPlain);
    default:
      return false;
  }
}

/** The value of a call that depends on nothing; undefined when it fails or can be changed. */
function constantOf(get: Evaluate): OttlValue | undefined {
  try {
    const value = get(undefined as never);
    const shared = Array.isArray(value) || value instanceof Map || value === null;
    return shared ? undefined : value;
  } catch {
    return undefined;
  }
}
