import { z } from 'zod';
import { basePathKey } from '../../config/groups/base-path.ts';
import { headerList } from '../../config/groups/headers.ts';
import { hostCheckKeys } from '../../config/groups/host-check.ts';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';
import {
  type StitchConfig,
  stitchSection,
  type TraceStorageConfig,
  traceStorage,
} from '../../config/groups/trace-storage.ts';
import { duration, type Headers } from '../../config/schema/index.ts';

/** Times in milliseconds. */
export interface Config extends HttpServerConfig {
  readonly base_path: string;
  readonly storage: TraceStorageConfig;
  readonly ui_dir?: string | undefined;
  readonly allowed_hosts: readonly string[];
  readonly additional_headers?: Headers | undefined;
  readonly max_traces: number;
  readonly max_spans: number;
  readonly max_concurrent: number;
  readonly query_timeout: number;
  readonly max_clock_skew_adjust: number;
  readonly stitch: StitchConfig;
}

/** Configuration of the extension: the keys of an HTTP server, where to read and limits. */
export const config = z
  .strictObject({
    ...httpServerKeys('localhost:16686', { write_timeout: '2m' }),
    base_path: basePathKey(),
    storage: traceStorage(),
    ui_dir: z.string().optional().describe('Folder of a built Jaeger UI; none = API only.'),
    ...hostCheckKeys,
    additional_headers: headerList()
      .optional()
      .describe('Headers added to every answer.')
      .meta({ deprecated: true, instead: 'use response_headers' }),
    max_traces: z.int().min(1).max(10_000).default(1500).describe('Most traces of one search.'),
    max_spans: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(200_000)
      .describe('Most spans of all traces of one answer.'),
    max_concurrent: z
      .int()
      .min(1)
      .max(1000)
      .default(8)
      .describe('Requests for lists that are answered at once; ten times as many wait.'),
    query_timeout: duration({ min: 1 }).prefault('8s').describe('A query is given up after this.'),
    max_clock_skew_adjust: duration()
      .prefault('0s')
      .describe('Clock skew between hosts that is mended; 0s only marks it.'),
    stitch: stitchSection(),
  })
  .superRefine(checkHttpServer);
