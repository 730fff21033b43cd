import type { OttlFunction } from '../../../ottl/functions/types.ts';

/** Functions that only this processor has, by context. */
export function ownFunctions(_context: string): readonly OttlFunction[] {
  return [];
}
