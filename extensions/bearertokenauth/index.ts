import type { ExtensionFactory } from '../../component/factory.ts';
import { type BearerTokenConfig, config } from './config.ts';
import { createBearerTokenAuth } from './extension.ts';

/** Authentication by bearer tokens, of clients and servers. */
export const factory: ExtensionFactory<BearerTokenConfig> = {
  kind: 'extension',
  type: 'bearertokenauth',
  stability: {},
  description: 'Checks bearer tokens of requests, or adds one to requests that are sent.',
  config,
  create: createBearerTokenAuth,
};
