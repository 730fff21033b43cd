import { z } from 'zod';
import type { Signal } from '../../component/signals.ts';
import {
  checkHttpClient,
  type HttpClientConfig,
  httpClientKeys,
} from '../../config/groups/http-client.ts';
import { urlFault } from '../../config/groups/url.ts';
import { duration } from '../../config/schema/index.ts';
import { deliveryKeys, type ExporterConfig } from '../../pipeline/config.ts';

/** The keys as they are decoded; a signal's endpoint '' = the common one with the signal's path. */
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
  });

/**
 * Checks the URL of a signal, as the Go collector does when a pipeline uses the exporter.
 * @throws Error that names the key
 */
export function checkUrls(signal: Signal, config: OtlpHttpConfig): void {
  const own = `${signal}_endpoint` as const;
  for (const key of ['endpoint', own] as const) {
    const fault = urlFault(config[key]);
    if (fault === undefined) continue;
    throw new Error(`${key} must be a valid URL: ${fault}: ${JSON.stringify(config[key])}`);
  }
  if (config.endpoint === '' && config[own] === '') {
    throw new Error(`either endpoint or ${own} must be specified`);
  }
}
