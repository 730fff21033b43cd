import type { ExtensionFactory } from '../../component/factory.ts';
import { config, type OidcConfig } from './config.ts';
import { createOidc } from './extension.ts';

/** Checks tokens of OpenID Connect providers. */
export const factory: ExtensionFactory<OidcConfig> = {
  kind: 'extension',
  type: 'oidc',
  stability: {},
  description: 'Checks OpenID Connect tokens of requests.',
  config,
  create: createOidc,
};
