import type { Signal } from '../../component/signals.ts';
import { conditionFunctions, statementFunctions } from '../../ottl/functions/standard.ts';
import type { Environment } from '../../ottl/functions/types.ts';
import {
  type Condition,
  type ContextName,
  compileCondition,
  compileStatement,
  type Statement,
} from '../../ottl/index.ts';
import { candidatesOf, inferContext } from '../../ottl/infer.ts';
import type { ErrorMode } from '../../ottl/sequence.ts';
import type { Config, StatementGroup } from './config.ts';
import { ownFunctions } from './functions/index.ts';

/** Statements of one group, compiled. */
export interface Group {
  readonly context: ContextName;
  readonly conditions: readonly Condition[];
  readonly statements: readonly Statement[];
  readonly mode: ErrorMode;
}

/**
 * Compiles a group.
 *
 * @throws OttlError
 */
export function compileGroup(
  signal: Signal,
  { context: given, conditions, statements, error_mode: own }: StatementGroup,
  mode: ErrorMode,
  environment: Environment,
): Group {
  const tables = candidatesOf(signal, (name) => statementFunctions(name, ownFunctions(name)));
  if (given !== undefined && !tables.has(given as ContextName)) {
    throw new Error(`unknown context "${given}" for statements: [${statements.join(' ')}]`);
  }
  const context =
    (given as ContextName | undefined) ?? inferContext(statements, conditions, tables);
  const functions = tables.get(context)!;
  const paths = given === undefined ? 'named' : 'prepend';
  return {
    context,
    mode: own ?? mode,
    statements: statements.map((text) =>
      compileStatement(signal, context, text, { functions, paths, environment }),
    ),
    conditions: conditions.map((text) =>
      compileCondition(signal, context, text, {
        functions: conditionFunctions(context),
        paths: given === undefined ? 'named' : 'plain',
        environment,
      }),
    ),
  };
}

/** The groups of a signal. */
export function groupsOf(signal: Signal, config: Config): readonly StatementGroup[] {
  return {
    traces: config.trace_statements,
    metrics: config.metric_statements,
    logs: config.log_statements,
    profiles: config.profile_statements,
  }[signal];
}
