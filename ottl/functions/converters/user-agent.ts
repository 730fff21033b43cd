import type { OttlMap } from '../../values.ts';
import { defineFunction, type OttlFunction } from '../types.ts';
import { agentRules } from './user-agent-rules.ts';

const maxKept = 1024;

type Rules = ReturnType<typeof agentRules>;

function describe(text: string, { browsers, systems }: Rules): OttlMap {
  const browser = browsers.find(text);
  const system = systems.find(text);
  const result: OttlMap = new Map([
    ['user_agent.name', browser.family],
    ['user_agent.original', text],
    ['user_agent.version', browser.version],
    ['os.name', system.family],
  ]);
  if (system.version !== '') result.set('os.version', system.version);
  return result;
}

export const userAgentConverter: OttlFunction = defineFunction({
  name: 'UserAgent',
  parameters: [{ name: 'user_agent', type: 'string' }],
  make({ user_agent }) {
    const rules = agentRules();
    // the texts seen last, the oldest goes
    const kept = new Map<string, OttlMap>();
    return (place) => {
      const text = user_agent.get(place);
      let found = kept.get(text);
      if (found === undefined) {
        found = describe(text, rules);
        if (kept.size >= maxKept) kept.delete(kept.keys().next().value!);
        kept.set(text, found);
      }
      return new Map(found);
    };
  },
});
