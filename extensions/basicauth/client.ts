import type { Extension, HeaderChanges } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { type WatchedValue, watchValue } from '../../config/groups/watched-value.ts';
import type { ClientAuthConfig } from './config.ts';
import { basicHeader } from './header.ts';

/** Adds user and password to requests. */
export function createBasicAuthClient(settings: Settings, config: ClientAuthConfig): Extension {
  const files: WatchedValue[] = [];
  let username = config.username;
  let password = config.password.reveal();
  let sent: HeaderChanges = [];
  const renew = (): void => {
    sent = [['authorization', basicHeader(username, password)]];
  };
  const follow = async (path: string, take: (value: string) => void): Promise<void> => {
    if (path === '') return;
    const file = await watchValue(path, settings, (value) => {
      take(value);
      try {
        renew();
      } catch (error) {
        settings.logger.warn('Credentials are not changed', { error: (error as Error).message });
      }
    });
    files.push(file);
    take(file.value);
  };
  return {
    capabilities: { clientAuth: { needsTls: true, headers: () => sent } },
    async start() {
      await follow(config.username_file, (value) => {
        username = value;
      });
      await follow(config.password_file, (value) => {
        password = value;
      });
      renew();
    },
    async shutdown() {
      for (const file of files.splice(0)) file.close();
    },
  };
}
