import { deleteKey, deleteMatchingKeys } from '../../ottl/functions/editors/keys.ts';
import { conditionFunctions } from '../../ottl/functions/standard.ts';
import type { Environment } from '../../ottl/functions/types.ts';
import { defineFunction, type FunctionTable, functionTable } from '../../ottl/functions/types.ts';
import { compileCondition, compileStatement, type Place } from '../../ottl/index.ts';
import type { Context, TableItem } from './config.ts';
import { parseRequestCondition, type RequestCondition } from './request-condition.ts';

/** What decides whether data takes a route. */
export type Decision =
  | { readonly context: 'request'; readonly request: RequestCondition }
  | {
      readonly context: Exclude<Context, 'request'>;
      /** Whether the statement changes data. */
      readonly edits: boolean;
      /** @throws OttlRuntimeError */
      test(place: Place): boolean;
    };

/** `route()`: does nothing; the condition behind it decides. */
const route = defineFunction({ name: 'route', parameters: [], make: () => () => true });

const signalOf = {
  resource: 'traces',
  span: 'traces',
  metric: 'metrics',
  datapoint: 'metrics',
  log: 'logs',
} as const;

function functionsOf(context: Context): FunctionTable {
  const converters = conditionFunctions(context === 'span' ? 'span' : 'resource');
  return functionTable([...converters.values()], [deleteKey, deleteMatchingKeys, route]);
}

/** @throws Error, OttlError with column: why the item cannot be used */
export function compileItem(item: TableItem, environment: Environment): Decision {
  const { context, condition, statement } = item;
  if (context === 'request') return { context, request: parseRequestCondition(condition) };
  const options = { functions: functionsOf(context), paths: 'plain', environment } as const;
  const signal = signalOf[context];
  if (condition !== '') {
    const compiled = compileCondition(signal, context, condition, options);
    return { context, edits: false, test: (place) => compiled.test(place) };
  }
  const compiled = compileStatement(signal, context, statement, options);
  const edits = !/^\s*route\b/.test(statement);
  return { context, edits, test: (place) => compiled.run(place) };
}
