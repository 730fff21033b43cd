import { z } from 'zod';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';

/** The keys as they are decoded; `keep_destination` is told of as attributes of the resource. */
export interface InfluxdbConfig extends HttpServerConfig {
  readonly keep_destination: boolean;
}

/** Configuration of the receiver: an HTTP server's, and one key of its own. */
export const config = z
  .strictObject({
    ...httpServerKeys('localhost:8086'),
    keep_destination: z
      .boolean()
      .default(false)
      .describe(
        'whether db and rp, or org and bucket, of a request become resource attributes ' +
          'influxdb.database, .retention_policy, .org and .bucket',
      ),
  })
  .superRefine(checkHttpServer);
