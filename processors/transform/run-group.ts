import type { Place } from '../../ottl/index.ts';
import { anyCondition, type Faults, handleFault } from '../../ottl/sequence.ts';
import type { Group } from './groups.ts';

/** Runs a group's statements at a place, where its conditions hold. */
export type RunGroup = (place: Place) => void;

/** @throws (when it runs) OttlRuntimeError in error mode propagate */
export function groupRunner({ conditions, statements, mode }: Group, faults: Faults): RunGroup {
  const run: RunGroup = (place) => {
    for (const statement of statements) {
      try {
        statement.run(place);
      } catch (error) {
        handleFault(error, 'execute statement', statement.text, mode, faults);
      }
    }
  };
  if (conditions.length === 0) return run;
  const holds = anyCondition(conditions, mode, faults);
  return (place) => {
    if (holds(place)) run(place);
  };
}
