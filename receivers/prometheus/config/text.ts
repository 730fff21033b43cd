import { z } from 'zod';

/** A text that may be written as a number or boolean, as Prometheus' own reader takes it. */
export function text() {
  const written = z.union([z.string(), z.number(), z.boolean(), z.null()]);
  return written.transform((value): string => (value === null ? '' : String(value)));
}
