import type { Signal } from '../pdata/signal.ts';
import { OttlError } from './errors.ts';
import type { Environment, FunctionTable } from './functions/types.ts';
import type { Place } from './place.ts';
import type { OttlValue } from './values.ts';

export { OttlError, OttlRuntimeError } from './errors.ts';
export { type OttlClient, Place, type Walk } from './place.ts';
export {
  OttlDuration,
  OttlId,
  type OttlList,
  type OttlMap,
  OttlTime,
  type OttlValue,
} from './values.ts';

/** Contexts: what a statement is run on, and what its paths may begin with. */
export type ContextName =
  | 'resource'
  | 'scope'
  | 'span'
  | 'spanevent'
  | 'metric'
  | 'datapoint'
  | 'exemplar'
  | 'log'
  | 'otelcol';

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
  /** Runs the editor where the condition holds. @returns whether it did. @throws OttlRuntimeError */
  run(place: Place): boolean;
}

/** An expression that gives a value. */
export interface ValueExpression {
  readonly text: string;
  /** @throws OttlRuntimeError */
  get(place: Place): OttlValue;
}

/** @throws OttlError with column */
export function compileCondition(
  signal: Signal,
  context: ContextName,
  text: string,
  options: CompileOptions,
): Condition {
  throw new OttlError(`cannot compile ${signal} ${context} ${text} ${options.paths}`);
}

/** @throws OttlError with column */
export function compileStatement(
  signal: Signal,
  context: ContextName,
  text: string,
  options: CompileOptions,
): Statement {
  throw new OttlError(`cannot compile ${signal} ${context} ${text} ${options.paths}`);
}

/** @throws OttlError with column */
export function compileValue(
  signal: Signal,
  context: ContextName,
  text: string,
  options: CompileOptions,
): ValueExpression {
  throw new OttlError(`cannot compile ${signal} ${context} ${text} ${options.paths}`);
}
