import { OttlRuntimeError } from '../../errors.ts';
import { valueText } from '../../text.ts';
import { type OttlMap, type OttlValue, typeName } from '../../values.ts';
import { defineFunction, literalOf, type OttlFunction } from '../types.ts';

interface Criterion {
  readonly equals: ReadonlySet<string>;
  readonly min: bigint;
  readonly max: bigint;
}

const statusRanges: Readonly<Record<string, bigint>> = {
  '2xx': 200n,
  '3xx': 300n,
  '4xx': 400n,
  '5xx': 500n,
};

function fail(why: string): never {
  throw new OttlRuntimeError(`invalid severity mapping criteria: ${why}`);
}

function equalsOf(value: OttlValue | undefined): Set<string> {
  if (value === undefined) return new Set();
  if (!Array.isArray(value)) return fail('equals must be a list');
  for (const element of value) {
    if (typeof element !== 'string') return fail('equals values must be strings');
  }
  return new Set(value as string[]);
}

function rangeOf(value: OttlValue | undefined): { min: bigint; max: bigint } {
  // nothing is in it
  if (value === undefined) return { min: 1n, max: 0n };
  if (typeof value === 'string') {
    const first = Object.hasOwn(statusRanges, value) ? statusRanges[value] : undefined;
    if (first === undefined) return fail(`unknown range placeholder: ${value}`);
    return { min: first, max: first + 99n };
  }
  if (!(value instanceof Map)) return fail('range must be a map or a known placeholder string');
  const min = value.get('min');
  const max = value.get('max');
  if (min === undefined) return fail('range must have a min value');
  if (max === undefined) return fail('range must have a max value');
  if (typeof min !== 'bigint') return fail('min must be an int64');
  if (typeof max !== 'bigint') return fail('max must be an int64');
  return { min, max };
}

function criteriaOf(mapping: OttlMap): Map<string, Criterion[]> {
  const levels = new Map<string, Criterion[]>();
  for (const [level, list] of mapping) {
    if (!Array.isArray(list)) {
      throw new OttlRuntimeError('severity mapping criteria must be []any');
    }
    const criteria = list.map((item) => {
      if (!(item instanceof Map)) {
        throw new OttlRuntimeError('severity mapping criteria items must be map[string]any');
      }
      return { equals: equalsOf(item.get('equals')), ...rangeOf(item.get('range')) };
    });
    levels.set(level, criteria);
  }
  return levels;
}

function holds(criterion: Criterion, value: OttlValue): boolean {
  if (typeof value === 'string') return criterion.equals.has(value);
  if (typeof value === 'bigint') return value >= criterion.min && value <= criterion.max;
  throw new OttlRuntimeError(
    `could not map log level: could not evaluate log level of value '${valueText(value)}': ` +
      `unsupported value type: ${typeName(value)}`,
  );
}

/** A mapping that cannot be used is a fault of every item, not of the statement. */
export const parseSeverityConverter: OttlFunction = defineFunction({
  name: 'ParseSeverity',
  parameters: [
    { name: 'target', type: 'any' },
    { name: 'mapping', type: 'map' },
  ],
  make({ target, mapping }) {
    const literal = literalOf(mapping);
    let fault: OttlRuntimeError | undefined;
    let levels = new Map<string, Criterion[]>();
    if (literal === undefined) {
      fault = new OttlRuntimeError('severity mapping must be a literal PMap');
    } else {
      try {
        levels = criteriaOf(literal);
      } catch (error) {
        fault = error as OttlRuntimeError;
      }
    }
    return (place) => {
      if (fault !== undefined) throw fault;
      const value = target.get(place);
      for (const [level, criteria] of levels) {
        if (criteria.some((criterion) => holds(criterion, value))) return level;
      }
      throw new OttlRuntimeError(
        `could not map log level: no matching log level found for value '${valueText(value)}'`,
      );
    };
  },
});
