import { z } from 'zod';
import { basePathKey } from '../../config/groups/base-path.ts';
import { hostCheckKeys } from '../../config/groups/host-check.ts';
import { stitchSection, traceStorage } from '../../config/groups/trace-storage.ts';
import { duration, endpoint } from '../../config/schema/index.ts';

export const config = z.strictObject({
  endpoint: endpoint().default('localhost:16686').describe('Address to listen on.'),
  base_path: basePathKey(),
  storage: traceStorage(),
  ui_dir: z.string().optional().describe('Folder of a built Jaeger UI; none = API only.'),
  ...hostCheckKeys,
  additional_headers: z
    .record(z.string(), z.string())
    .default({})
    .describe('Headers of every answer, e.g. for CORS.'),
  max_traces: z.int().min(1).max(10_000).default(1500).describe('Most traces of one search.'),
  query_timeout: duration({ min: 1 }).prefault('8s').describe('A query is given up after this.'),
  max_clock_skew_adjust: duration()
    .prefault('0s')
    .describe('Clock skew between hosts that is mended; 0s only marks it.'),
  stitch: stitchSection(),
});

export type Config = z.infer<typeof config>;
