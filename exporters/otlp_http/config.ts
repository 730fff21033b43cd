import { z } from 'zod';
import {
  checkHttpClient,
  type HttpClientConfig,
  httpClientKeys,
} from '../../config/groups/http-client.ts';
import { urlFault } from '../../config/groups/url.ts';
import { duration } from '../../config/schema/index.ts';
import { deliveryKeys, type ExporterConfig } from '../../pipeline/config.ts';

export interface OtlpHttpConfig extends HttpClientConfig, ExporterConfig {
  readonly traces_endpoint: string;
  readonly metrics_endpoint: string;
  readonly logs_endpoint: string;
  readonly profiles_endpoint: string;
  readonly encoding: 'proto' | 'json';
}

const url = (signal: string) =>
  z.string().default('').describe(`URL for ${signal}, instead of the endpoint with its path`);

/** Configuration of the exporter. */
export const config = z
  .strictObject({
    ...deliveryKeys(),
    timeout: duration({ min: Number.NEGATIVE_INFINITY })
      .transform((ms) => Math.max(0, ms))
      .prefault('30s')
      .describe('time that one attempt may take; 0 = any'),
    ...httpClientKeys({ compression: 'gzip' }),
    traces_endpoint: url('traces'),
    metrics_endpoint: url('metrics'),
    logs_endpoint: url('logs'),
    profiles_endpoint: url('profiles'),
    encoding: z.enum(['proto', 'json']).default('proto').describe('encoding of request bodies'),
  })
  .superRefine((given, ctx) => {
    checkHttpClient(given, ctx);
    const keys = [
      'endpoint',
      'traces_endpoint',
      'metrics_endpoint',
      'logs_endpoint',
      'profiles_endpoint',
    ] as const;
    if (keys.every((key) => given[key] === '')) {
      ctx.addIssue({ code: 'custom', message: 'at least one endpoint must be specified' });
    }
    for (const key of keys) {
      const fault = urlFault(given[key]);
      if (fault === undefined) continue;
      const message = `${key} must be a valid URL: ${fault}: ${JSON.stringify(given[key])}`;
      ctx.addIssue({ code: 'custom', path: [key], message });
    }
  });
