import type { ExtensionFactory } from '../../component/factory.ts';
import { config, type RemoteSamplingConfig } from './config.ts';
import { RemoteSampling } from './extension.ts';

/** Tells clients of Jaeger how much to sample. */
export const factory: ExtensionFactory<RemoteSamplingConfig> = {
  kind: 'extension',
  type: 'jaeger_remote_sampling',
  aliases: ['jaegerremotesampling'],
  stability: {},
  description: "Tells Jaeger's clients and remote samplers how much to sample, over HTTP and gRPC.",
  config,
  create: (settings, given) => new RemoteSampling(settings, given),
};
