import type { Signal } from '../../component/signals.ts';
import { conditionFunctions } from '../../ottl/functions/standard.ts';
import type { Environment } from '../../ottl/functions/types.ts';
import { type Condition, type ContextName, compileCondition } from '../../ottl/index.ts';
import { candidatesOf, inferContext } from '../../ottl/infer.ts';
import type { ConditionGroup } from './config.ts';

/** Conditions by what they are tested on. */
export type Compiled = ReadonlyMap<ContextName, readonly Condition[]>;

/** Compiles conditions whose context is given; paths may leave it out. @throws OttlError */
export function compileAll(
  signal: Signal,
  context: ContextName,
  list: readonly string[],
  environment: Environment,
  paths: 'plain' | 'named' | 'prepend' = 'plain',
): Condition[] {
  const functions = conditionFunctions(context);
  return list.map((text) =>
    compileCondition(signal, context, text, { functions, paths, environment }),
  );
}

/**
 * Compiles a group; without a context each condition gets its own.
 *
 * @throws OttlError
 */
export function compileGroup(
  signal: Signal,
  { context, conditions }: ConditionGroup,
  environment: Environment,
): Compiled {
  const known = candidatesOf(signal, conditionFunctions);
  const compiled = new Map<ContextName, Condition[]>();
  if (context !== undefined) {
    if (!known.has(context as ContextName)) {
      throw new Error(`unknown context "${context}" for conditions: [${conditions.join(' ')}]`);
    }
    const name = context as ContextName;
    compiled.set(name, compileAll(signal, name, conditions, environment, 'prepend'));
    return compiled;
  }
  for (const text of conditions) {
    const name = inferContext([], [text], known);
    const made = compileAll(signal, name, [text], environment, 'named');
    compiled.set(name, [...(compiled.get(name) ?? []), ...made]);
  }
  return compiled;
}
