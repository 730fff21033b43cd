import { z } from 'zod';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';

/** Times in milliseconds, sizes in bytes. */
export type RemoteWriteReceiverConfig = HttpServerConfig;

/** Where requests are posted to. */
export const writePath = '/api/v1/write';

/** Configuration of the receiver: the keys of an HTTP server. */
export const config = z.strictObject(httpServerKeys('localhost:9090')).superRefine(checkHttpServer);
