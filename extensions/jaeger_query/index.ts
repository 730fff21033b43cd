import type { ExtensionFactory } from '../../component/factory.ts';
import { type Config, config } from './config.ts';
import { JaegerQuery } from './extension.ts';

export const factory: ExtensionFactory<Config> = {
  kind: 'extension',
  type: 'jaeger_query',
  stability: {},
  description:
    "Serves Jaeger's query API (v1 and v3) over the stored spans, and a built Jaeger UI.",
  config,
  create: (settings, options) => new JaegerQuery(settings, options),
};
