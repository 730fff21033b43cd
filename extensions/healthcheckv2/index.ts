import type { ExtensionFactory } from '../../component/factory.ts';
import { config, type HealthCheckV2Config } from './config.ts';
import { createHealthCheckV2 } from './extension.ts';

/** Tells the state of each component. */
export const factory: ExtensionFactory<HealthCheckV2Config> = {
  kind: 'extension',
  type: 'healthcheckv2',
  stability: {},
  description: 'Tells the state of each component over HTTP and gRPC.',
  config,
  create: createHealthCheckV2,
};
