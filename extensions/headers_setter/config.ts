import { z } from 'zod';
import { extensionId } from '../../config/groups/extension-id.ts';
import { type Secret, secret } from '../../config/schema/index.ts';

/** One header and where its value comes from. */
export interface HeaderConfig {
  /** insert, update, upsert or delete; anything else is upsert. */
  readonly action: string;
  readonly key: string;
  readonly value?: string | undefined;
  readonly value_file?: string | undefined;
  readonly from_context?: string | undefined;
  readonly from_attribute?: string | undefined;
  readonly default_value?: Secret | undefined;
}

/** The keys as they are decoded; headers are set in their order. */
export interface HeadersSetterConfig {
  readonly headers: readonly HeaderConfig[];
  readonly additional_auth?: string | undefined;
}

const sources = ['from_context', 'from_attribute', 'value', 'value_file'] as const;
const listed = "'from_context', 'from_attribute', 'value', or 'value_file'";

const header = z
  .strictObject({
    action: z
      .string()
      .default('')
      .describe(
        'insert, update, upsert (the default) or delete; of gRPC only what is set here counts',
      ),
    key: z.string().default('').describe('name of the header'),
    value: z.string().optional().describe('the value itself'),
    value_file: z.string().optional().describe('file with the value; it is watched'),
    from_context: z
      .string()
      .optional()
      .describe("key of the client's metadata; the receiver needs include_metadata"),
    from_attribute: z
      .string()
      .optional()
      .describe("attribute of the client's authentication, such as `subject`"),
    default_value: secret().optional().describe('value where from_context finds none'),
  })
  .superRefine((given, ctx) => {
    if (given.key === '') {
      ctx.addIssue({ code: 'custom', path: ['key'], message: 'missing header name' });
    }
    if (given.action === 'delete') return;
    const count = sources.filter((source) => given[source] !== undefined).length;
    const report = (message: string) => ctx.addIssue({ code: 'custom', message });
    if (count === 0) report(`missing header source, must be ${listed}`);
    if (count > 1) report(`invalid header source, must be only one of ${listed}`);
  });

/** Configuration of the extension. */
export const config = z.strictObject({
  headers: z
    .array(header)
    .default([])
    .refine((headers) => headers.length > 0, { error: 'missing headers configuration' })
    .describe('headers to change, in this order'),
  additional_auth: extensionId()
    .optional()
    .describe('id of an extension whose credentials are added, too'),
});
