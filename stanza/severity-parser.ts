import { z } from 'zod';
import { typeName, type Value } from '../expr/index.ts';
import type { Entry } from './entry/entry.ts';
import { severityNames } from './entry/severity.ts';
import { OperatorFault } from './fault.ts';
import { field } from './schema.ts';
import { needField } from './time/time-parser.ts';

/** Keys of a severity parser. */
export const severityKeys = {
  parse_from: field().optional(),
  preset: z.string().default(''),
  mapping: z.record(z.string(), z.unknown()).default({}),
  overwrite_text: z.boolean().default(false),
};

const severityObject = z.looseObject(severityKeys);

/** `severity:` of a parser. */
export const severitySection = () => severityObject.optional();

type SeverityConfig = z.output<typeof severityObject>;

/** Sets severity number and text. @throws Error that says why it cannot */
export type SeverityParser = (entry: Entry) => void;

/** OTLP's short names and numbers. */
function otelNames(): Map<string, number> {
  const names = new Map<string, number>();
  for (let n = 1; n < severityNames.length; n += 1) {
    names.set(severityNames[n]!.toLowerCase(), n);
    names.set(String(n), n);
  }
  return names;
}

function preset(name: string): Map<string, number> {
  if (name === 'none') return new Map();
  const names = otelNames();
  if (name === 'otel' || name === 'aliases') return names;
  ['', '2', '3', '4'].forEach((suffix, i) => {
    names.set(`warning${suffix}`, 13 + i);
    names.set(`err${suffix}`, 17 + i);
  });
  return names;
}

/** Widest range of numbers that one mapping may have. */
const maxRange = 100_000;

/**
 * Checks the keys of a severity parser.
 * @throws OperatorFault
 */
export function severityParser(config: SeverityConfig): SeverityParser {
  const { parse_from: from, overwrite_text: overwrite } = config;
  const names = preset(config.preset);
  const aliases = otelNames();
  for (const [name, given] of Object.entries(config.mapping)) {
    const severity = aliases.get(name.toLowerCase()) ?? 0;
    for (const one of Array.isArray(given) ? given : [given]) {
      for (const value of mappedValues(one, name)) names.set(value, severity);
    }
  }
  if (from === undefined) {
    throw new OperatorFault("missing required field 'parse_from'", ['parse_from']);
  }
  return (entry) => {
    const text = severityWord(needField(entry, from));
    const severity = names.get(text.toLowerCase()) ?? 0;
    entry.severity = severity;
    entry.severityText = overwrite && severity !== 0 ? severityNames[severity]! : text;
  };
}

function mappedValues(value: unknown, name: string): string[] {
  if (typeof value === 'number' && Number.isInteger(value)) return [String(value)];
  if (typeof value === 'string') {
    const hundred = /^([2-5])xx$/.exec(value)?.[1];
    if (hundred === undefined) return [value.toLowerCase()];
    return range(Number(hundred) * 100, Number(hundred) * 100 + 99);
  }
  if (typeof value === 'object' && value !== null) {
    const { min, max } = value as { min?: unknown; max?: unknown };
    if (Number.isInteger(min) && Number.isInteger(max)) {
      const [low, high] = [
        Math.min(min as number, max as number),
        Math.max(min as number, max as number),
      ];
      if (high - low > maxRange) {
        throw new OperatorFault(`range ${low} to ${high} is wider than ${maxRange}`, [
          'mapping',
          name,
        ]);
      }
      return range(low, high);
    }
  }
  const message = `type ${Array.isArray(value) ? 'list' : typeof value} cannot be parsed as a severity`;
  throw new OperatorFault(message, ['mapping', name]);
}

function range(low: number, high: number): string[] {
  return Array.from({ length: high - low + 1 }, (_, i) => String(low + i));
}

function severityWord(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') {
    if (Number.isInteger(value)) return String(BigInt(value));
    throw new Error('type float64 cannot be a severity unless it is a whole number');
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  throw new Error(`type ${typeName(value)} cannot be a severity`);
}
