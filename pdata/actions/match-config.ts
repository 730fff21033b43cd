import { z } from 'zod';
import { attributeValue } from './config.ts';

const texts = (what: string) => z.array(z.string()).default([]).describe(what);

const keyValues = (what: string) =>
  z
    .array(
      z.strictObject({
        key: z.string().default(''),
        value: attributeValue.optional().describe('Absent: the key alone must be there.'),
      }),
    )
    .default([])
    .describe(what);

const match = z.strictObject({
  match_type: z
    .string()
    .default('')
    .describe('How texts below are compared: strict or regexp. Needed where there are any.'),
  regexp: z
    .strictObject({
      cacheenabled: z.boolean().default(false).describe('Not needed.'),
      cachemaxnumentries: z.number().default(0).describe('Not needed.'),
    })
    .nullable()
    .optional(),
  services: texts('Spans: values of the resource attribute service.name, one of them.'),
  span_names: texts('Spans: names, one of them.'),
  span_kinds: texts('Spans: kinds, one of them, e.g. SPAN_KIND_SERVER.'),
  log_bodies: texts('Logs: bodies as text, one of them.'),
  log_severity_texts: texts('Logs: severity texts, one of them.'),
  log_severity_number: z
    .strictObject({
      min: z.number().transform(Math.trunc).default(0).describe('Lowest number that matches.'),
      match_undefined: z.boolean().default(false).describe('Whether number 0 matches.'),
    })
    .optional(),
  metric_names: texts('Metrics: names, one of them.'),
  attributes: keyValues('Attributes of the item, all of them.'),
  resources: keyValues('Attributes of the resource, all of them; metrics: not looked at.'),
  libraries: z
    .array(
      z.strictObject({
        name: z.string().default(''),
        version: z.string().optional().describe('Absent: any version.'),
      }),
    )
    .default([])
    .describe('Instrumentation scopes, all of them.'),
});

/** Keys with which processors choose items; to be spread into their schema. */
export const matchKeys = {
  include: match.optional().describe('Only items that match are changed; checked before exclude.'),
  exclude: match.optional().describe('Items that match are not changed.'),
};

/** What `include` or `exclude` says, decoded. */
export type Match = z.output<typeof match>;

/** Which items are chosen. */
export interface Choice {
  readonly include?: Match | undefined;
  readonly exclude?: Match | undefined;
}
