import type { Extension } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { type WatchedValue, watchValue } from '../../config/groups/watched-value.ts';
import type { BearerTokenConfig } from './config.ts';
import { Tokens, tokensOf } from './tokens.ts';

/** Checks the token of requests, or adds it to them. */
export function createBearerTokenAuth(settings: Settings, config: BearerTokenConfig): Extension {
  const { logger } = settings;
  const tokens = new Tokens(config.header, config.scheme);
  const { filename } = config;
  let file: WatchedValue | undefined;
  // As the Go collector has it: `tokens` go before the file, the file before `token`.
  if (config.tokens.length > 0) tokens.set(config.tokens.map((token) => token.reveal()));
  else if (filename === '') tokens.set(tokensOf(config.token!.reveal()));
  else if (config.token !== undefined) {
    logger.warn('a filename is specified. Configured token(s) is ignored!');
  }
  return {
    capabilities: {
      serverAuth: {
        authenticate(headers) {
          tokens.check(headers);
          return undefined;
        },
      },
      clientAuth: { needsTls: true, headers: () => tokens.sent },
    },
    async start() {
      if (filename === '' || config.tokens.length > 0) return;
      file = await watchValue(filename, settings, (text) => {
        logger.info('refresh token', { filename });
        tokens.set(tokensOf(text));
      });
      tokens.set(tokensOf(file.value));
    },
    async shutdown() {
      file?.close();
      file = undefined;
    },
  };
}
