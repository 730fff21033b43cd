import { z } from 'zod';
import {
  checkHttpClient,
  type HttpClientConfig,
  httpClientKeys,
} from '../../config/groups/http-client.ts';
import { urlFault } from '../../config/groups/url.ts';
import { duration } from '../../config/schema/index.ts';
import { deliveryKeys, type ExporterConfig } from '../../pipeline/config.ts';

/** Default of `default_service_name`: spans without a service get Zipkin's own mark for it. */
export const missingName = '<missing service name>';

/** The keys as they are decoded; `default_service_name` is for resources without a name. */
export interface ZipkinExporterConfig extends HttpClientConfig, ExporterConfig {
  readonly format: 'json' | 'proto';
  readonly default_service_name: string;
}

/** Configuration of the exporter. */
export const config = z
  .strictObject({
    ...deliveryKeys(),
    timeout: duration({ min: Number.NEGATIVE_INFINITY })
      .transform((ms) => Math.max(0, ms))
      .prefault('5s')
      .describe('time that one attempt may take; 0 = any'),
    ...httpClientKeys({ compression: '' }),
    format: z
      .string()
      .refine((text): text is 'json' | 'proto' => text === 'json' || text === 'proto', {
        error: (issue) => `${String(issue.input)} is not one of json or proto`,
      })
      .default('json')
      .describe('json or proto'),
    default_service_name: z
      .string()
      .default(missingName)
      .describe(
        'service of spans whose resource names none; the default stands for ' +
          '`OTLPResourceNoServiceName`, which receivers take for nothing',
      ),
  })
  .superRefine((given, ctx) => {
    checkHttpClient(given, ctx);
    if (given.endpoint === '') {
      const message = "exporter config requires a non-empty 'endpoint'";
      ctx.addIssue({ code: 'custom', path: ['endpoint'], message });
      return;
    }
    const fault = urlFault(given.endpoint);
    if (fault === undefined) return;
    const message = `endpoint must be a valid URL: ${fault}: ${JSON.stringify(given.endpoint)}`;
    ctx.addIssue({ code: 'custom', path: ['endpoint'], message });
  });
