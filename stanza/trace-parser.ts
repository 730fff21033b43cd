import { z } from 'zod';
import { printValue } from '../expr/index.ts';
import type { Entry } from './entry/entry.ts';
import { type Field, getField, parseField } from './entry/field.ts';
import { field } from './schema.ts';

const part = () => z.looseObject({ parse_from: field().optional() }).optional();

/** Keys of a trace parser. */
export const traceKeys = { trace_id: part(), span_id: part(), trace_flags: part() };

const traceObject = z.looseObject(traceKeys);

/** `trace:` of a parser. */
export const traceSection = () => traceObject.optional();

type TraceConfig = z.output<typeof traceObject>;

/** Sets trace id, span id and flags from hexadecimal texts. @throws Error that names what is wrong */
export function traceParser(config: TraceConfig): (entry: Entry) => void {
  const from = (name: 'trace_id' | 'span_id' | 'trace_flags') =>
    config[name]?.parse_from ?? parseField(`body.${name}`);
  const [traceId, spanId, flags] = [from('trace_id'), from('span_id'), from('trace_flags')];
  return (entry) => {
    const faults: string[] = [];
    const read = (name: string, place: Field): Uint8Array | undefined => {
      const value = getField(entry, place);
      if (value === undefined) return undefined;
      const text = printValue(value);
      if (/^(?:[0-9a-fA-F]{2})*$/.test(text)) return Buffer.from(text, 'hex');
      faults.push(`${name} ${JSON.stringify(text)} is not hexadecimal`);
      return undefined;
    };
    entry.traceId = read('trace_id', traceId);
    entry.spanId = read('span_id', spanId);
    entry.traceFlags = read('trace_flags', flags);
    if (faults.length > 0) throw new Error(`Error decoding traces for logs: ${faults.join(', ')}`);
  };
}
