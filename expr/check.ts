import type { Node } from './ast.ts';
import {
  functions,
  predicateFunctions,
  type StaticType,
  unsupportedFunctions,
} from './functions.ts';
import { ExprSyntaxError } from './value.ts';

type Names = ReadonlyMap<string, StaticType>;

const returnsOf: Readonly<Record<string, StaticType>> = {
  all: 'bool',
  none: 'bool',
  any: 'bool',
  one: 'bool',
  filter: 'array',
  map: 'array',
  find: 'any',
  findIndex: 'int',
  findLast: 'any',
  findLastIndex: 'int',
  count: 'int',
  sum: 'any',
};

/** Under what name a method of the caller stands among the names. */
export const methodName = (name: string): string => `${name}()`;

const numbers: readonly StaticType[] = ['int', 'float'];

/**
 * Infers the type of an expression as far as it is known before it runs.
 * @param locals types of `let` variables
 * @throws ExprSyntaxError where types can never fit, or a function is not known
 */
export function staticType(node: Node, locals: Names = new Map()): StaticType {
  switch (node.kind) {
    case 'nil':
    case 'bool':
    case 'int':
    case 'float':
    case 'string':
      return node.kind;
    case 'name':
      if (node.name === '$env') throw new ExprSyntaxError('$env is not supported', node.at);
      return locals.get(node.name) ?? 'any';
    case 'pointer':
      return pointer(node.name, node.at);
    case 'chain':
      return staticType(node.node, locals);
    case 'array':
      for (const item of node.items) staticType(item, locals);
      return 'array';
    case 'map':
      for (const [key, value] of node.pairs) {
        staticType(key, locals);
        staticType(value, locals);
      }
      return 'map';
    case 'unary':
      return unaryType(node.operator, staticType(node.node, locals), node.at);
    case 'binary':
      return binaryType(node, staticType(node.left, locals), staticType(node.right, locals));
    case 'member':
      return memberType(node, locals);
    case 'slice':
      return sliceType(node, locals);
    case 'if':
      return ifType(node, locals);
    case 'let': {
      if (functions.has(node.name) || predicateFunctions.has(node.name)) {
        throw new ExprSyntaxError(`cannot redeclare builtin ${node.name}`, node.at);
      }
      const value = staticType(node.value, locals);
      return staticType(node.body, new Map([...locals, [node.name, value]]));
    }
    case 'call':
      return callType(node, locals);
  }
}

function pointer(name: string, at: number): StaticType {
  if (name === '') return 'any';
  if (name === 'index') return 'int';
  throw new ExprSyntaxError(`unknown pointer #${name}`, at);
}

function unaryType(operator: string, inner: StaticType, at: number): StaticType {
  const wanted: readonly StaticType[] = operator === '!' ? ['bool'] : numbers;
  if (inner === 'any') return operator === '!' ? 'bool' : 'any';
  if (wanted.includes(inner)) return inner;
  throw new ExprSyntaxError(`invalid operation: ${operator} (mismatched type ${inner})`, at);
}

/** Operand types that an operator takes on both sides, and what it gives. */
const operators: Readonly<Record<string, readonly [readonly StaticType[], StaticType | 'same']>> = {
  '||': [['bool'], 'bool'],
  '&&': [['bool'], 'bool'],
  '<': [['int', 'float', 'string', 'time'], 'bool'],
  '>': [['int', 'float', 'string', 'time'], 'bool'],
  '<=': [['int', 'float', 'string', 'time'], 'bool'],
  '>=': [['int', 'float', 'string', 'time'], 'bool'],
  '+': [['int', 'float', 'string'], 'same'],
  '-': [numbers, 'same'],
  '*': [numbers, 'same'],
  '/': [numbers, 'float'],
  '**': [numbers, 'float'],
  '%': [['int'], 'int'],
  matches: [['string'], 'bool'],
  contains: [['string'], 'bool'],
  startsWith: [['string'], 'bool'],
  endsWith: [['string'], 'bool'],
  '..': [['int'], 'array'],
};

function family(type: StaticType): string {
  return type === 'int' || type === 'float' ? 'number' : type;
}

function binaryType(
  node: Extract<Node, { kind: 'binary' }>,
  left: StaticType,
  right: StaticType,
): StaticType {
  const { operator } = node;
  const fail = () =>
    new ExprSyntaxError(
      `invalid operation: ${operator} (mismatched types ${left} and ${right})`,
      node.at,
    );
  const free = left === 'any' || right === 'any';
  if (operator === '==' || operator === '!=') {
    if (free || left === 'nil' || right === 'nil' || family(left) === family(right)) return 'bool';
    throw fail();
  }
  if (operator === '??')
    return left === 'nil' ? right : right === 'nil' || left === right ? left : 'any';
  if (operator === 'in') {
    if (right === 'any' || right === 'array' || right === 'map') return 'bool';
    if (left === 'any' && right === 'string') return 'bool';
    throw fail();
  }
  const rule = operators[operator];
  if (rule === undefined) throw new ExprSyntaxError(`unknown operator (${operator})`, node.at);
  const [taken, given] = rule;
  const fits = (type: StaticType) => type === 'any' || taken.includes(type);
  if (!fits(left) || !fits(right)) throw fail();
  if (!free && family(left) !== family(right)) throw fail();
  if (given !== 'same') return given;
  if (free) return 'any';
  return left === right ? left : 'float';
}

function memberType(node: Extract<Node, { kind: 'member' }>, locals: Names): StaticType {
  const base = staticType(node.node, locals);
  const key = staticType(node.property, locals);
  if (base === 'any') return 'any';
  const name = node.property.kind === 'string' ? node.property.value : key;
  if (base === 'map') return 'any';
  if (base === 'array' || base === 'string') {
    if (key === 'any' || numbers.includes(key)) return base === 'string' ? 'any' : 'any';
    throw new ExprSyntaxError(
      `${base} elements can only be selected using an integer (got ${key})`,
      node.at,
    );
  }
  throw new ExprSyntaxError(`type ${base} has no field ${name}`, node.at);
}

function sliceType(node: Extract<Node, { kind: 'slice' }>, locals: Names): StaticType {
  const base = staticType(node.node, locals);
  if (!['any', 'array', 'string'].includes(base)) {
    throw new ExprSyntaxError(`cannot slice ${base}`, node.at);
  }
  for (const edge of [node.from, node.to]) {
    const type = edge === undefined ? 'int' : staticType(edge, locals);
    if (type !== 'any' && type !== 'int') {
      throw new ExprSyntaxError(`non-integer slice index ${type}`, node.at);
    }
  }
  return base;
}

function ifType(node: Extract<Node, { kind: 'if' }>, locals: Names): StaticType {
  const test = staticType(node.test, locals);
  if (test !== 'bool' && test !== 'any') {
    throw new ExprSyntaxError(`non-bool expression (type ${test}) used as condition`, node.at);
  }
  const then = staticType(node.then, locals);
  const otherwise = staticType(node.otherwise, locals);
  if (then === 'nil') return otherwise;
  if (otherwise === 'nil' || then === otherwise) return then;
  return 'any';
}

function callType(node: Extract<Node, { kind: 'call' }>, locals: Names): StaticType {
  const { name, args, at } = node;
  const types = args.map((arg) => staticType(arg, locals));
  if (unsupportedFunctions.has(name)) {
    throw new ExprSyntaxError(`function ${name} is not supported`, at);
  }
  if (name === 'env') return args.length === 1 ? 'string' : wrongCount(name, '1', args.length, at);
  if (predicateFunctions.has(name)) return predicateType(node, types);
  const known = functions.get(name);
  if (known === undefined) {
    if (locals.has(methodName(name))) return 'any';
    throw new ExprSyntaxError(`unknown name ${name}`, at);
  }
  const { parameters, required } = known;
  if (args.length < required || (args.length > parameters.length && known.variadic !== true)) {
    const wanted =
      required === parameters.length ? `${required}` : `${required} to ${parameters.length}`;
    return wrongCount(name, wanted, args.length, at);
  }
  types.forEach((type, i) => {
    const wanted = parameters[Math.min(i, parameters.length - 1)]!;
    const fits =
      wanted === 'any' || type === 'any' || family(wanted as StaticType) === family(type);
    if (!fits) {
      throw new ExprSyntaxError(
        `cannot use ${type} as argument (type ${wanted}) to call ${name}`,
        at,
      );
    }
  });
  if ((name === 'max' || name === 'min') && types.includes('string')) {
    throw new ExprSyntaxError(`invalid argument for ${name} (type string)`, at);
  }
  if (name === 'len' && !['any', 'string', 'array', 'map'].includes(types[0]!)) {
    throw new ExprSyntaxError(`invalid argument for len (type ${types[0]})`, at);
  }
  return known.returns;
}

function wrongCount(name: string, wanted: string, given: number, at: number): never {
  const message = `invalid number of arguments for ${name} (expected ${wanted}, got ${given})`;
  throw new ExprSyntaxError(message, at);
}

function predicateType(
  node: Extract<Node, { kind: 'call' }>,
  types: readonly StaticType[],
): StaticType {
  const { name, at } = node;
  const optional = name === 'count' || name === 'sum';
  if (types.length !== 2 && !(optional && types.length === 1)) {
    return wrongCount(name, '2', types.length, at);
  }
  if (types[0] !== 'array' && types[0] !== 'any') {
    throw new ExprSyntaxError(`builtin ${name} takes only array (got ${types[0]})`, at);
  }
  const boolean = name !== 'map' && name !== 'sum';
  if (boolean && types.length === 2 && types[1] !== 'bool' && types[1] !== 'any') {
    throw new ExprSyntaxError(`predicate should return boolean (got ${types[1]})`, at);
  }
  return returnsOf[name]!;
}
