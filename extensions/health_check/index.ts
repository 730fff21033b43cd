import type { ExtensionFactory } from '../../component/factory.ts';
import { config, type HealthCheckConfig } from './config.ts';
import { createHealthCheck } from './server.ts';

export const factory: ExtensionFactory<HealthCheckConfig> = {
  kind: 'extension',
  type: 'health_check',
  stability: {},
  description: 'Answers over HTTP whether the pipelines run.',
  config,
  create: createHealthCheck,
};
