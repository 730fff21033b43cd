import { z } from 'zod';
import type { ExtensionFactory } from '../../component/factory.ts';
import { hostCheckKeys } from '../../config/groups/host-check.ts';
import { endpoint } from '../../config/schema/endpoint.ts';
import { secret } from '../../config/schema/secret.ts';
import { createEmbeddedClickhouse } from './extension.ts';

const config = z.strictObject({
  path: z.string().min(1).describe('Folder of everything the engine stores; made when absent.'),
  listen: z
    .union([z.literal(false), endpoint()])
    .default('127.0.0.1:8123')
    .describe('Address of the ClickHouse HTTP interface; port 0 = any, false = unix socket only.'),
  socket: z
    .union([z.literal(false), z.string().min(1)])
    .optional()
    .describe('Unix socket (mode 0600) below path. Default: engine.sock in path. false = none.'),
  password: secret()
    .optional()
    .describe('Password of user default. Default: WIRESTITCH_ENGINE_PASSWORD, else generated.'),
  ...hostCheckKeys,
  memory_limit_mib: z
    .int()
    .min(256)
    .default(1024)
    .describe('Bound of queries, merges and caches together, in MiB.'),
  threads: z.int().min(1).max(64).default(2).describe('Threads of one query.'),
  body_limit_mib: z
    .int()
    .min(1)
    .max(16384)
    .default(1024)
    .describe('Largest body of one request after decompression, in MiB.'),
});

/** The keys as they are decoded; sizes in MiB. */
export type EmbeddedClickhouseConfig = z.infer<typeof config>;

export const factory: ExtensionFactory<EmbeddedClickhouseConfig> = {
  kind: 'extension',
  type: 'embedded_clickhouse',
  stability: {},
  description: 'Runs ClickHouse in a confined process of its own, for exporters and query APIs.',
  config,
  create: createEmbeddedClickhouse,
};
