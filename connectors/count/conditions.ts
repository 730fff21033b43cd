import { conditionFunctions } from '../../ottl/functions/standard.ts';
import { type Condition, compileCondition, type Environment } from '../../ottl/index.ts';

/** What a condition may be about. */
export type CountContext = 'span' | 'spanevent' | 'metric' | 'datapoint' | 'log';

const signals = {
  span: 'traces',
  spanevent: 'traces',
  metric: 'metrics',
  datapoint: 'metrics',
  log: 'logs',
} as const;

/** @throws OttlError that says which condition cannot be used, and why */
export function compileConditions(
  context: CountContext,
  conditions: readonly string[],
  environment: Environment,
): Condition[] {
  const options = {
    functions: conditionFunctions(context),
    paths: 'prepend',
    environment,
  } as const;
  return conditions.map((text) => compileCondition(signals[context], context, text, options));
}
