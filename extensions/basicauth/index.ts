import type { ExtensionFactory } from '../../component/factory.ts';
import { createBasicAuthClient } from './client.ts';
import { type BasicAuthConfig, config } from './config.ts';
import { createBasicAuthServer } from './server.ts';

/** HTTP basic authentication, of clients or servers. */
export const factory: ExtensionFactory<BasicAuthConfig> = {
  kind: 'extension',
  type: 'basicauth',
  stability: {},
  description: 'Checks user names and passwords of requests, or adds them to requests.',
  config,
  create: (settings, { htpasswd, client_auth }) =>
    htpasswd === undefined
      ? createBasicAuthClient(settings, client_auth!)
      : createBasicAuthServer(settings, htpasswd),
};
