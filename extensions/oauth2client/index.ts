import type { ExtensionFactory } from '../../component/factory.ts';
import { config, type OAuth2Config } from './config.ts';
import { createOAuth2Client } from './extension.ts';

/** OAuth 2 for exporters: client credentials and JWT bearer. */
export const factory: ExtensionFactory<OAuth2Config> = {
  kind: 'extension',
  type: 'oauth2client',
  stability: {},
  description: 'Fetches OAuth 2 tokens and adds them to requests that are sent.',
  config,
  create: createOAuth2Client,
};
