import { OttlError } from '../errors.ts';
import { camelCase } from '../functions/converters/go-text.ts';
import type {
  Evaluate,
  FunctionArgument,
  Getter,
  OttlFunction,
  Parameter,
  Target,
} from '../functions/types.ts';
import type { ArgumentNode, CallNode, PathNode } from '../grammar/ast.ts';
import { enumNumber } from '../paths/contexts.ts';
import type { OttlValue } from '../values.ts';
import type { Compiler } from './compiler.ts';
import { isTyped, type TypedName, typedGetter } from './typed.ts';

function parameterOf(entry: OttlFunction, node: ArgumentNode, i: number): Parameter {
  if (node.name === '') return entry.parameters[i]!;
  const wanted = camelCase(node.name);
  const found = entry.parameters.find(({ name }) => camelCase(name) === wanted);
  if (found === undefined) throw new OttlError(`no such parameter: ${node.name}`);
  return found;
}

/**
 * The arguments of a call by parameter name.
 *
 * @throws OttlError when they do not fit the parameters
 */
export function buildArguments(
  compiler: Compiler,
  entry: OttlFunction,
  call: CallNode,
): Readonly<Record<string, unknown>> {
  const list = call.arguments;
  const firstNamed = list.findIndex(({ name }) => name !== '');
  if (firstNamed >= 0 && list.slice(firstNamed).some(({ name }) => name === '')) {
    throw new OttlError('unnamed argument used after named argument');
  }
  // without parameters nobody looks at arguments
  if (entry.parameters.length === 0) return {};
  const required = entry.parameters.filter(({ optional }) => optional !== true).length;
  if (list.length < required || list.length > entry.parameters.length) {
    throw new OttlError(
      `incorrect number of arguments. Expected: ${entry.parameters.length} Received: ${list.length}`,
    );
  }
  const args: Record<string, unknown> = {};
  list.forEach((node, i) => {
    const parameter = parameterOf(entry, node, i);
    if (parameter.type === 'function') {
      args[parameter.name] = functionArgument(compiler, node);
      return;
    }
    try {
      args[parameter.name] = buildArgument(compiler, parameter.type, node);
    } catch (error) {
      throw new OttlError(`invalid argument at position ${i}: ${(error as Error).message}`);
    }
  });
  for (const { name, optional, type } of entry.parameters) {
    if (optional === true || name in args) continue;
    throw new OttlError(`required argument ${name} (${type}) is missing`);
  }
  return args;
}

const elementTypes: Readonly<Record<string, string>> = {
  anyList: 'any',
  stringList: 'string',
  stringLikeList: 'stringLike',
  intList: 'int',
  intLikeList: 'intLike',
  floatList: 'float',
  floatLikeList: 'floatLike',
  mapList: 'map',
  listList: 'list',
  timeList: 'time',
  durationList: 'duration',
  literalStringList: 'literalString',
  literalIntList: 'literalInt',
  literalFloatList: 'literalFloat',
};

function buildArgument(compiler: Compiler, type: string, { value }: ArgumentNode): unknown {
  const element = elementTypes[type];
  if (element === undefined) return buildSingle(compiler, type, value);
  if (value.kind !== 'list') throw new OttlError(`must be a list of type ${element}`);
  return value.values.map((inner, i) => {
    try {
      return buildSingle(compiler, element, inner);
    } catch (error) {
      const reason = (error as Error).message;
      throw new OttlError(`error while parsing list argument at index ${i}: ${reason}`);
    }
  });
}

const literalKinds: Readonly<Record<string, readonly [kind: string, name: string]>> = {
  literalString: ['string', 'a string'],
  literalInt: ['int', 'an int'],
  literalFloat: ['float', 'a float'],
  literalBool: ['bool', 'a bool'],
};

function buildSingle(compiler: Compiler, type: string, node: ArgumentNode['value']): unknown {
  const kind = literalKinds[type];
  if (kind !== undefined) {
    if (node.kind !== kind[0]) throw new OttlError(`must be ${kind[1]}`);
    return (node as { value: unknown }).value;
  }
  switch (type) {
    case 'literalBytes':
      if (node.kind !== 'bytes')
        throw new OttlError('slice parameter must be a byte slice literal');
      return node.value;
    case 'enum':
      return enumArgument(compiler, node);
    case 'target':
      return compiler.target(pathOf(node));
    case 'mapTarget':
      return typedTarget(compiler, 'map', pathOf(node));
    case 'listTarget':
      return typedTarget(compiler, 'list', pathOf(node));
  }
  if (node.kind === 'function') {
    throw new OttlError('no value field set');
  }
  const operand = compiler.value(node);
  if (type === 'any') return operand;
  if (!isTyped(type)) throw new Error(`BUG: argument type ${type}`);
  const typed = typedGetter(type, operand);
  return operand.path === undefined ? typed : { ...typed, path: operand.path };
}

function pathOf(node: ArgumentNode['value']): PathNode {
  if (node.kind !== 'path') throw new OttlError('must be a path');
  return node;
}

function enumArgument(compiler: Compiler, node: ArgumentNode['value']): bigint {
  try {
    if (node.kind === 'enum') return enumNumber(compiler.options.context, node.name);
  } catch {
    // said below
  }
  throw new OttlError('must be an Enum');
}

function typedTarget(compiler: Compiler, type: TypedName, node: PathNode): unknown {
  const path: Target = compiler.target(node);
  const getter = typedGetter(type, path);
  return {
    ...path,
    get: getter.get,
    set: path.set,
  };
}

/** A converter by its name: made when it is called, with getters in the order of its parameters. */
function functionArgument(compiler: Compiler, { value }: ArgumentNode): FunctionArgument {
  if (value.kind !== 'enum' && value.kind !== 'function') {
    throw new OttlError('invalid function name given');
  }
  const { name } = value;
  const { functions, environment } = compiler.options;
  const entry = functions.get(name);
  if (entry === undefined) throw new OttlError(`undefined function ${name}`);
  return {
    name,
    call(...getters: readonly Getter[]): Evaluate {
      const { parameters } = entry;
      if (parameters.length !== getters.length) {
        throw new OttlError(
          `incorrect number of arguments. Expected: ${parameters.length} Received: ${getters.length}`,
        );
      }
      const args: Record<string, unknown> = {};
      parameters.forEach((parameter, i) => {
        const getter = getters[i] as Getter<OttlValue>;
        args[parameter.name] = isTyped(parameter.type)
          ? typedGetter(parameter.type, getter)
          : getter;
      });
      return entry.make(args, environment);
    },
  };
}
