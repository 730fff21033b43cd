import type { Extension } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { fetchOnce } from '../../config/groups/http-fetch.ts';
import { tlsClientSource } from '../../config/groups/tls-reload.ts';
import { isHttpUrl } from '../../config/groups/url.ts';
import { TokenCache } from './cache.ts';
import type { OAuth2Config } from './config.ts';
import { TokenRequest } from './request.ts';

/** Adds tokens of an OAuth 2 server to requests. */
export function createOAuth2Client(settings: Settings, config: OAuth2Config): Extension {
  const { clock, logger } = settings;
  const { token_url: url } = config;
  const tls = tlsClientSource(config.tls, settings);
  const secure = url.startsWith('https:');
  const request = new TokenRequest(config, fetchOnce, clock.unixMs, async () =>
    secure ? tls() : undefined,
  );
  const cache = new TokenCache(
    () => request.token(),
    clock,
    config.expiry_buffer,
    (error) => logger.warn('cannot renew the token yet', { error: error.message }),
  );
  return {
    capabilities: { clientAuth: { needsTls: true, headers: () => cache.headers() } },
    async start() {
      if (!isHttpUrl(url)) {
        throw new Error(`cannot fetch tokens: token_url ${JSON.stringify(url)} is no http(s) URL`);
      }
      if (secure) await tls();
    },
    async shutdown() {},
  };
}
