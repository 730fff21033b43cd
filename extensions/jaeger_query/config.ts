import { z } from 'zod';
import {
  oneStorage,
  oneStorageFault,
  storageKeys,
} from '../../config/groups/clickhouse-storage.ts';
import { hostCheckKeys } from '../../config/groups/host-check.ts';
import { duration, endpoint } from '../../config/schema/index.ts';

const storage = z.strictObject({
  ...storageKeys,
  schema: z
    .enum(['smart', 'otel'])
    .default('smart')
    .describe('Tables of this program, or those of the contrib ClickHouse exporter.'),
  database: z
    .string()
    .min(1)
    .optional()
    .describe('Database of the tables; wirestitch for smart, default for otel.'),
  traces_table_name: z
    .string()
    .min(1)
    .optional()
    .describe('Table of the spans where schema is otel; otel_traces.'),
});

const stitch = z.strictObject({
  enabled: z.boolean().default(true).describe('Whether captured spans are joined into traces.'),
  max_rounds: z
    .int()
    .min(0)
    .max(100)
    .default(30)
    .describe('Searches one after the other for more of a trace, two for each hop.'),
  max_spans: z.int().min(100).max(100_000).default(10_000).describe('Most spans stitched at once.'),
  network_delay: duration().prefault('50ms').describe('Time a message may take between places.'),
  clock_offset: duration().prefault('10ms').describe('Difference of the clocks of two hosts.'),
  reach: duration()
    .prefault('30s')
    .describe('How long before and after a span its relatives are looked for.'),
});

export const config = z.strictObject({
  endpoint: endpoint().default('localhost:16686').describe('Address to listen on.'),
  base_path: z
    .string()
    .regex(/^(\/[\w.-]+)*$/, {
      error: 'base_path must be empty or begin with / and not end with /',
    })
    .default('')
    .describe('Path prefix of everything.'),
  storage: storage
    .refine(oneStorage, oneStorageFault)
    .refine((s) => s.schema === 'otel' || s.traces_table_name === undefined, {
      error: 'traces_table_name is for schema otel: the tables of smart have fixed names',
      path: ['traces_table_name'],
    }),
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
  stitch: stitch
    .prefault({})
    .describe('Joins spans that were captured into the traces they are of.'),
});

export type Config = z.infer<typeof config>;
