import { z } from 'zod';
import { Secret } from '../../../config/schema/index.ts';

/** A text that may be written as a number or boolean, as Prometheus' own reader takes it. */
export function text() {
  const written = z.union([z.string(), z.number(), z.boolean(), z.null()]);
  return written.transform((value): string => (value === null ? '' : String(value)));
}

/** The same, kept out of logs and error messages. */
export function secretText() {
  const written = z.union([z.string(), z.number(), z.boolean(), z.null()]);
  return written
    .transform((value): Secret => new Secret(value === null ? '' : String(value)))
    .meta({ secret: true });
}
