import { z } from 'zod';
import { secret } from '../schema/index.ts';

/** The keys that say which ClickHouse is read: {@link oneStorage} checks them. */
export const storageKeys = {
  engine: z
    .string()
    .optional()
    .describe('Id of an extension that owns a ClickHouse, such as embedded_clickhouse.'),
  endpoint: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('http(s)://host:port of a ClickHouse.'),
  username: z.string().default('default').describe('User at endpoint.'),
  password: secret().optional().describe('Password at endpoint.'),
};

/** Whether either an engine or an endpoint is named. */
export function oneStorage(given: { engine?: unknown; endpoint?: unknown }): boolean {
  return (given.engine === undefined) !== (given.endpoint === undefined);
}

/** What is said where {@link oneStorage} does not hold. */
export const oneStorageFault = { error: 'exactly one of engine and endpoint must be given' };
