import type { ExtensionFactory } from '../../component/factory.ts';
import { type Config, config } from './config.ts';
import { PrometheusQuery } from './extension.ts';

/** Gives stored metrics back to Prometheus and Grafana. */
export const factory: ExtensionFactory<Config> = {
  kind: 'extension',
  type: 'prometheus_query',
  stability: {},
  description:
    "Serves Prometheus' remote read, and its endpoints of series, labels and metadata, over the " +
    'stored metrics.',
  config,
  create: (settings, options) => new PrometheusQuery(settings, options),
};
