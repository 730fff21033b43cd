import { z } from 'zod';
import { actionList, attributeValue } from '../../pdata/actions/config.ts';
import { compileRegexp } from '../../pdata/regexp/index.ts';

const texts = (what: string) => z.array(z.string()).min(1).optional().describe(what);

const keyValues = (what: string) =>
  z
    .array(
      z.strictObject({
        key: z.string().min(1),
        value: attributeValue.optional().describe('Absent: the key alone must be there.'),
      }),
    )
    .min(1)
    .optional()
    .describe(what);

const match = z
  .strictObject({
    match_type: z.enum(['strict', 'regexp']).describe('How texts below are compared.'),
    services: texts('Values of the resource attribute service.name, one of them.'),
    span_names: texts('Spans: names, one of them.'),
    span_kinds: texts('Spans: kinds, one of them, e.g. SPAN_KIND_SERVER.'),
    log_bodies: texts('Logs: bodies that are strings, one of them.'),
    log_severity_texts: texts('Logs: severity texts, one of them.'),
    log_severity_number: z
      .strictObject({
        min: z.int().min(0).max(24).describe('Lowest severity number that matches.'),
        match_undefined: z.boolean().default(false).describe('Whether number 0 matches.'),
      })
      .optional(),
    metric_names: texts('Metrics: names, one of them.'),
    attributes: keyValues('Attributes of the item, all of them.'),
    resources: keyValues('Attributes of the resource, all of them.'),
    libraries: z
      .array(
        z.strictObject({
          name: z.string(),
          version: z.string().optional().describe('Absent: any version.'),
        }),
      )
      .min(1)
      .optional()
      .describe('Instrumentation scopes, one of them.'),
  })
  .superRefine((value, context) => {
    const { match_type: type, ...conditions } = value;
    if (Object.values(conditions).every((condition) => condition === undefined)) {
      context.addIssue({ code: 'custom', message: 'at least one condition is required' });
    }
    if (type === 'regexp') checkPatterns(conditions, context);
  });

function checkPatterns(
  conditions: Readonly<Record<string, unknown>>,
  context: { addIssue(issue: { code: 'custom'; path: string[]; message: string }): void },
): void {
  for (const [name, list] of Object.entries(conditions)) {
    if (!Array.isArray(list)) continue;
    for (const entry of list as unknown[]) {
      const inner = typeof entry === 'object' && entry !== null ? Object.entries(entry) : [];
      const values =
        typeof entry === 'string' ? [entry] : inner.filter(([k]) => k !== 'key').map(([, v]) => v);
      for (const value of values) {
        const fault = patternFault(value);
        if (fault !== undefined) context.addIssue({ code: 'custom', path: [name], message: fault });
      }
    }
  }
}

function patternFault(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') return 'match_type regexp wants texts as values';
  try {
    compileRegexp(value);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Keys of the attributes processor. */
export const config = z.strictObject({
  actions: actionList,
  include: match.optional().describe('Only items that match are changed; checked before exclude.'),
  exclude: match.optional().describe('Items that match are not changed.'),
});

export type Config = z.output<typeof config>;
export type Match = z.output<typeof match>;
