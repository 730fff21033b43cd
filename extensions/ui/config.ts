import { z } from 'zod';
import { basePathKey } from '../../config/groups/base-path.ts';
import { hostCheckKeys } from '../../config/groups/host-check.ts';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';
import { optionalSection } from '../../config/groups/optional.ts';
import {
  type StitchConfig,
  stitchSection,
  type TraceStorageConfig,
  traceStorage,
} from '../../config/groups/trace-storage.ts';
import { duration } from '../../config/schema/index.ts';
import { type TapConfig, tapSection } from './pipelines/tap-config.ts';

/** Times in milliseconds. */
export interface Config extends HttpServerConfig {
  /** Undefined: traces and services are not shown. */
  readonly storage?: TraceStorageConfig | undefined;
  readonly base_path: string;
  readonly allowed_hosts: readonly string[];
  readonly query_timeout: number;
  readonly max_traces: number;
  readonly max_concurrent: number;
  readonly stitch: StitchConfig;
  readonly tap: TapConfig;
}

/** Configuration of the extension: the keys of an HTTP server, where to read and limits. */
export const config = z
  .strictObject({
    // A stream of events lasts as long as somebody looks.
    ...httpServerKeys('localhost:16690', { write_timeout: '0s' }),
    base_path: basePathKey(),
    storage: optionalSection(traceStorage()).describe(
      'Where traces are read; absent = only the pipelines are shown.',
    ),
    ...hostCheckKeys,
    query_timeout: duration({ min: 1 }).prefault('8s').describe('A query is given up after this.'),
    max_traces: z.int().min(1).max(10_000).default(1000).describe('Most traces of one search.'),
    max_concurrent: z
      .int()
      .min(1)
      .max(1000)
      .default(8)
      .describe('Requests to the storage that are answered at once; ten times as many wait.'),
    stitch: stitchSection(),
    tap: tapSection().describe('What the screen Pipelines shows of the data that passes.'),
  })
  .superRefine(checkHttpServer);
