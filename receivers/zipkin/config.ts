import { z } from 'zod';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';

/**
 * The keys as they are decoded; `parse_string_tags`: texts that look like numbers or booleans
 * become such.
 */
export interface ZipkinReceiverConfig extends HttpServerConfig {
  readonly parse_string_tags: boolean;
}

/** Configuration of the receiver: an HTTP server's, and one key of its own. */
export const config = z
  .strictObject({
    ...httpServerKeys('localhost:9411', { read_header_timeout: '1m', write_timeout: '0' }),
    parse_string_tags: z
      .boolean()
      .default(false)
      .describe('whether texts of tags that look like integers, doubles or booleans become such'),
  })
  .superRefine(checkHttpServer);
