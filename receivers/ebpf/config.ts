import { z } from 'zod';
import { captureKeys } from '../../agent/capture-config.ts';
import { namesConfig } from '../../agent/tags/config.ts';
import { byteSize } from '../../config/schema/index.ts';

const allow = z
  .strictObject({
    processes: z
      .array(z.union([z.string().min(1).max(255), z.int().min(1)]))
      .default([])
      .describe('Names of executables (without folders), or process ids; their children too.'),
    cgroups: z
      .array(z.string().min(1))
      .default([])
      .describe('Paths in the cgroup v2 tree, with all below them.'),
    ports: z
      .array(z.int().min(1).max(65535))
      .default([])
      .describe('Only sockets with one of these ports at either end.'),
  })
  .prefault({})
  .describe(
    'What is captured; a process counts when its name or its cgroup is listed. Empty: all.',
  );

/** Keys of the ebpf receiver. */
export const config = z.strictObject({
  allow,
  ...captureKeys,
  required: z
    .boolean()
    .default(false)
    .describe(
      'The start fails where system calls cannot be captured; else it is said, and the rest runs.',
    ),
  payload_cap: z
    .int()
    .min(64)
    .max(4032)
    .default(1024)
    .describe('Bytes of payload captured of each call.'),
  ring_size: byteSize({ min: 1 << 16, max: 1 << 30 })
    .prefault('16MiB')
    .describe('Ring buffer between kernel and program; a power of two.'),
  node_async: z
    .boolean()
    .default(true)
    .describe('Follow the async ids of Node processes by uprobes.'),
  names: namesConfig.prefault({}).describe('Names of processes and of the ends of connections.'),
  max_sockets: z
    .int()
    .min(1)
    .max(1 << 20)
    .default(1 << 16)
    .describe('Sockets followed at once; the one seen first goes for a new one.'),
  max_batch_spans: z.int().min(1).default(1000).describe('Spans at which a batch is handed on.'),
});

/** The keys as they are decoded; times in milliseconds. */
export type Config = z.infer<typeof config>;
