import { z } from 'zod';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';

/** Times in milliseconds, sizes in bytes. */
export type DeepflowConfig = HttpServerConfig;

/** Configuration of the receiver: the keys of an HTTP server. */
export const config = z
  .strictObject(httpServerKeys('localhost:38086'))
  .superRefine(checkHttpServer);
