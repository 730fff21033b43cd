import { z } from 'zod';
import { compileRegexp, type GoRegexp } from '../regexp/index.ts';
import type { AttributeValue } from '../values.ts';

/** A YAML value that an attribute can hold. */
export const attributeValue: z.ZodType<AttributeValue> = z.lazy(() =>
  z.union([
    z.string(),
    z.number(),
    z.bigint(),
    z.boolean(),
    z.array(attributeValue),
    z.record(z.string(), attributeValue),
  ]),
);

const fields = z.strictObject({
  key: z.string().optional().describe('Attribute to act upon.'),
  action: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['insert', 'update', 'upsert', 'delete', 'hash', 'extract', 'convert']))
    .describe('What to do; in upper or lower case.'),
  value: attributeValue.optional().describe('Value to write.'),
  from_attribute: z.string().optional().describe('Attribute to copy the value from.'),
  from_context: z
    .string()
    .optional()
    .describe('metadata.<key>, auth.<key> or client.address of the request.'),
  default_value: attributeValue
    .optional()
    .describe('Value to write when from_attribute or from_context find none.'),
  pattern: z
    .string()
    .optional()
    .describe('delete, hash: keys to act upon; extract: named groups become attributes.'),
  converted_type: z
    .enum(['int', 'double', 'string', 'bool'])
    .optional()
    .describe('Type that convert converts to.'),
});

type Fields = z.infer<typeof fields>;
type FieldName = keyof Fields;

/** Fields that an action does not know; given nevertheless they are refused. */
const unused: Readonly<Record<Fields['action'], readonly FieldName[]>> = {
  insert: ['pattern', 'converted_type'],
  update: ['pattern', 'converted_type'],
  upsert: ['pattern', 'converted_type'],
  delete: ['value', 'from_attribute', 'from_context', 'default_value', 'converted_type'],
  hash: ['value', 'from_attribute', 'from_context', 'default_value', 'converted_type'],
  extract: ['value', 'from_attribute', 'from_context', 'default_value', 'converted_type'],
  convert: ['value', 'from_attribute', 'from_context', 'default_value', 'pattern'],
};

function patternFault(action: Fields): string | undefined {
  if (action.pattern === undefined) return undefined;
  let pattern: GoRegexp;
  try {
    pattern = compileRegexp(action.pattern);
  } catch (error) {
    return (error as Error).message;
  }
  if (action.action !== 'extract') return undefined;
  const names = pattern.groupNames;
  if (names.length === 0) return 'the pattern has no named groups';
  return names.includes('') ? 'the pattern has a group without a name' : undefined;
}

function faultOf(action: Fields): { path: FieldName; message: string } | undefined {
  const wrong = unused[action.action].find((name) => action[name] !== undefined);
  if (wrong !== undefined) {
    return { path: wrong, message: `action ${action.action} does not use ${wrong}` };
  }
  const byPattern = action.action === 'delete' || action.action === 'hash';
  if (!action.key && !(byPattern && action.pattern)) {
    const message = byPattern ? 'key or pattern is required' : 'key is required';
    return { path: 'key', message };
  }
  if (['insert', 'update', 'upsert'].includes(action.action)) {
    const sources = [action.value, action.from_attribute, action.from_context];
    const count = sources.filter((source) => source !== undefined && source !== '').length;
    const given = count + (action.value === '' ? 1 : 0);
    if (given > 1)
      return { path: 'value', message: 'value, from_attribute, from_context: one only' };
    if (given === 0 && action.default_value === undefined) {
      return { path: 'value', message: 'value, from_attribute or from_context is required' };
    }
  }
  if (action.action === 'extract' && !action.pattern) {
    return { path: 'pattern', message: 'pattern is required' };
  }
  if (action.action === 'convert' && action.converted_type === undefined) {
    return { path: 'converted_type', message: 'converted_type is required' };
  }
  const message = patternFault(action);
  return message === undefined ? undefined : { path: 'pattern', message };
}

/** One action; see {@link ActionConfig}. */
const actionConfig = fields.superRefine((action, context) => {
  const fault = faultOf(action);
  if (fault === undefined) return;
  context.addIssue({ code: 'custom', path: [fault.path], message: fault.message });
});

/** The list that both processors have. */
export const actionList = z
  .array(actionConfig)
  .min(1)
  .describe('Actions, applied in order to each set of attributes.');
