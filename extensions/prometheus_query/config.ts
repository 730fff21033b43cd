import { z } from 'zod';
import {
  oneStorage,
  oneStorageFault,
  storageKeys,
} from '../../config/groups/clickhouse-storage.ts';
import { hostCheckKeys } from '../../config/groups/host-check.ts';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';
import { byteSize, duration, type Secret } from '../../config/schema/index.ts';

const storage = z
  .strictObject({
    ...storageKeys,
    database: z.string().min(1).default('wirestitch').describe('Database of the tables.'),
  })
  .refine(oneStorage, oneStorageFault);

/** Times in milliseconds, sizes in bytes. */
export interface Config extends HttpServerConfig {
  readonly storage: {
    readonly engine?: string | undefined;
    readonly endpoint?: string | undefined;
    readonly username: string;
    readonly password?: Secret | undefined;
    readonly database: string;
  };
  readonly allowed_hosts: readonly string[];
  readonly query_timeout: number;
  readonly max_series: number;
  readonly max_samples: number;
  readonly max_names: number;
  readonly max_response_size: number;
  readonly max_concurrent: number;
}

const count = (value: number) => z.int().min(1).max(100_000_000).default(value);

/** Configuration of the extension: the keys of an HTTP server, where to read and limits. */
export const config = z
  .strictObject({
    ...httpServerKeys('localhost:9091', { write_timeout: '2m' }),
    storage,
    ...hostCheckKeys,
    query_timeout: duration({ min: 1 }).prefault('30s').describe('A query is given up after this.'),
    max_series: count(50_000).describe('Most series of one query.'),
    max_samples: count(5_000_000).describe('Most samples of one request.'),
    max_names: count(100_000).describe('Most label names, values or metrics of one answer.'),
    max_response_size: byteSize()
      .prefault('128MiB')
      .describe('Most bytes of an answer with samples before it is compressed.'),
    max_concurrent: z
      .int()
      .min(1)
      .max(1000)
      .default(4)
      .describe('Requests that are answered at once; ten times as many wait.'),
  })
  .superRefine(checkHttpServer);
