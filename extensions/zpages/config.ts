import { z } from 'zod';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';

/** The keys as they are decoded. */
export interface ZpagesConfig extends HttpServerConfig {
  readonly expvar: { readonly enabled: boolean };
}

/** Configuration of the extension. */
export const config = z
  .strictObject({
    ...httpServerKeys('localhost:55679'),
    expvar: z
      .strictObject({
        enabled: z.boolean().default(false).describe('whether /debug/expvarz answers'),
      })
      .prefault({})
      .describe("the process's own figures in JSON"),
  })
  .superRefine((given, ctx) => {
    checkHttpServer(given, ctx);
    if (given.endpoint !== '') return;
    const message = '"endpoint" is required when using the "zpages" extension';
    ctx.addIssue({ code: 'custom', path: ['endpoint'], message });
  });
