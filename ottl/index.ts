import type { Signal } from '../pdata/signal.ts';
import { Compiler, type Test } from './compile/compiler.ts';
import { OttlError } from './errors.ts';
import type { Environment, FunctionTable } from './functions/types.ts';
import { parseCondition, parseStatement, parseValue } from './grammar/parse.ts';
import { quote } from './grammar/quote.ts';
import type { ContextName } from './paths/contexts.ts';
import type { Place } from './place.ts';
import type { OttlValue } from './values.ts';

export { OttlError, OttlRuntimeError } from './errors.ts';
export type { Environment, FunctionTable } from './functions/types.ts';
export { type ContextName, isContext } from './paths/contexts.ts';
export { type OttlClient, Place, type Walk } from './place.ts';
export {
  OttlDuration,
  OttlId,
  type OttlList,
  type OttlMap,
  OttlTime,
  type OttlValue,
} from './values.ts';

/** How statements are compiled. */
export interface CompileOptions {
  /** What statements may call; see functions/standard.ts. */
  readonly functions: FunctionTable;
  /**
   * How paths name their context. `plain`: `attributes` is the context's own, others are named
   * (`resource.attributes`). `named`: each path must be named. `prepend`: as named, but bare paths
   * get the context in front.
   */
  readonly paths: 'plain' | 'named' | 'prepend';
  readonly environment: Environment;
}

/** A boolean expression. */
export interface Condition {
  readonly text: string;
  /** @throws OttlRuntimeError */
  test(place: Place): boolean;
}

/** `editor(...) where condition`. */
export interface Statement {
  readonly text: string;
  /** Name of its editor. */
  readonly editor: string;
  /** Contexts whose fields the editor's targets are of, e.g. `span`, `resource`. */
  readonly writes: ReadonlySet<string>;
  /** Runs the editor where the condition holds. @returns whether it did. @throws OttlRuntimeError */
  run(place: Place): boolean;
}

/** An expression that gives a value. */
export interface ValueExpression {
  readonly text: string;
  /** @throws OttlRuntimeError */
  get(place: Place): OttlValue;
}

/** Runs a compilation; what it throws says which text cannot be used. */
function compiling<T>(what: string, text: string, compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    const column = error instanceof OttlError ? error.column : 0;
    const reason = (error as Error).message;
    throw new OttlError(`unable to parse OTTL ${what} ${quote(text)}: ${reason}`, column);
  }
}

function compilerOf(context: ContextName, options: CompileOptions): Compiler {
  return new Compiler({ context, ...options });
}

function callable(test: Test): (place: Place) => boolean {
  return typeof test === 'boolean' ? () => test : test;
}

/** @throws OttlError with column */
export function compileCondition(
  _signal: Signal,
  context: ContextName,
  text: string,
  options: CompileOptions,
): Condition {
  return compiling('condition', text, () => {
    const node = parseCondition(text);
    return { text, test: callable(compilerOf(context, options).condition(node)) };
  });
}

/** @throws OttlError with column */
export function compileStatement(
  _signal: Signal,
  context: ContextName,
  text: string,
  options: CompileOptions,
): Statement {
  return compiling('statement', text, () => {
    const { editor, where } = parseStatement(text);
    const compiler = compilerOf(context, options);
    const edit = compiler.call(editor);
    const test = where === undefined ? true : compiler.condition(where);
    const writes = compiler.written;
    const { name } = editor;
    if (test === false) return { text, editor: name, writes, run: () => false };
    return { text, editor: name, writes, run: statementRun(edit, test) };
  });
}

function statementRun(
  edit: (place: Place) => OttlValue,
  test: Exclude<Test, false>,
): Statement['run'] {
  if (test === true) {
    return (place) => {
      edit(place);
      return true;
    };
  }
  return (place) => {
    if (!test(place)) return false;
    edit(place);
    return true;
  };
}

/** @throws OttlError with column */
export function compileValue(
  _signal: Signal,
  context: ContextName,
  text: string,
  options: CompileOptions,
): ValueExpression {
  return compiling('value expression', text, () => {
    const operand = compilerOf(context, options).value(parseValue(text));
    return { text, get: operand.get };
  });
}
