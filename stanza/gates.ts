import type { ConfigFault } from '../component/factory.ts';
import type { Gates } from '../component/settings.ts';
import type { PipelinePlan } from './pipeline.ts';

/** Operators that the Go collector has behind a feature gate. */
const gateOf: ReadonlyMap<string, string> = new Map([
  ['assign_keys', 'logs.assignKeys'],
  ['json_array_parser', 'logs.jsonParserArray'],
]);

/** Operators in the key `operators` that the gates leave out. */
export function lockedOperators({ steps }: PipelinePlan, gates: Gates): ConfigFault[] {
  return steps.flatMap(({ plan: { type } }, i) => {
    const gate = gateOf.get(type);
    if (gate === undefined || gates.enabled(gate)) return [];
    const message = `unsupported type '${type}': it needs the feature gate ${JSON.stringify(gate)}`;
    return [{ path: ['operators', i, 'type'], message }];
  });
}
