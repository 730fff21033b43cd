import { z } from 'zod';
import { duration, parseDuration } from '../config/schema/index.ts';
import { parseField } from './entry/field.ts';

/** A field of an entry, decoded from its text. */
export function field(rootable = false) {
  return z.string().transform((text, ctx) => {
    try {
      return parseField(text, rootable);
    } catch (error) {
      ctx.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });
}

/** Keys of operators that work entry by entry. */
export const transformerKeys = {
  id: z.string().optional(),
  type: z.string(),
  output: z.union([z.string().transform((id) => [id]), z.array(z.string())]).optional(),
  on_error: z.string().default('send'),
  if: z.string().default(''),
};

const sizePattern = /^(\d+\.?\d*)\s*([kKmMgGtTpP]i?[bB])?$/;
const powers = 'kmgtp';

/** A size of log keys: digits, or with a unit of `kb` (1000) or `kib` (1024) and so on. */
export function logSize() {
  return z.union([z.number(), z.string()]).transform((value, ctx): number => {
    if (typeof value === 'number') return Math.trunc(value);
    const match = sizePattern.exec(value);
    if (match === null) {
      ctx.addIssue({ code: 'custom', message: `invalid byte size ${JSON.stringify(value)}` });
      return z.NEVER;
    }
    const unit = (match[2] ?? '').toLowerCase();
    const base = unit.length === 3 ? 1024 : 1000;
    return Math.trunc(Number(match[1]) * base ** (unit === '' ? 0 : powers.indexOf(unit[0]!) + 1));
  });
}

export { duration, parseDuration };
