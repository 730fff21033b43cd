import { z } from 'zod';
import { parseEndpoint } from '../../config/schema/index.ts';

/** The socket's path when an endpoint names one. */
export function unixPath(endpoint: string): string | undefined {
  if (endpoint.startsWith('unix://')) return endpoint.slice('unix://'.length);
  return endpoint.startsWith('/') ? endpoint : undefined;
}

/** Configuration of the receiver. */
export const config = z.strictObject({
  endpoint: z
    .string()
    .default('')
    .refine(
      (text) => text === '' || unixPath(text) !== undefined || parseEndpoint(text) !== undefined,
      {
        error: (issue) =>
          `expected "host:port" or "unix:///path", got ${JSON.stringify(issue.input)}`,
      },
    )
    .describe(
      'address to listen on, `host:port`, or `unix:///path`; none = any port of this machine',
    ),
});

/** The keys as they are decoded. */
export type FluentForwardConfig = z.output<typeof config>;
