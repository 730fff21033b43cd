import { readFile } from 'node:fs/promises';
import type { AuthData, Extension, HeaderMap } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import type { HtpasswdConfig } from './config.ts';
import { type Login, parseBasic } from './header.ts';
import { type BcryptVerify, type Match, parseHtpasswd, usesBcrypt, Verified } from './htpasswd.ts';

async function textOf({ file, inline }: HtpasswdConfig): Promise<string> {
  if (file === '' && inline.reveal() === '') {
    throw new Error('cannot check users: no credential source provided: `file` or `inline`');
  }
  if (file === '') return inline.reveal();
  try {
    return `${await readFile(file, 'utf8')}\n${inline.reveal()}`;
  } catch (error) {
    const text = (error as Error).message;
    throw new Error(`cannot open htpasswd file ${JSON.stringify(file)}: ${text}`);
  }
}

async function loadBcrypt(text: string): Promise<BcryptVerify> {
  if (!usesBcrypt(text)) return async () => false;
  const { verify } = await import('@node-rs/bcrypt');
  return (password, hash) => verify(password, hash);
}

/** What a browser asks its user for (RFC 7617). */
const challenge = 'Basic realm="wirestitch", charset="UTF-8"';

const known = ({ username, raw }: Login): AuthData => ({ username, raw });

/** Checks users and passwords of requests. */
export function createBasicAuthServer(settings: Settings, config: HtpasswdConfig): Extension {
  const verified = new Verified(settings.random.bytes(32));
  let users: ReadonlyMap<string, Match> = new Map();

  function authenticate(headers: HeaderMap): AuthData | Promise<AuthData> {
    const login = parseBasic(headers.get('authorization')?.[0]);
    const { username, password } = login;
    if (verified.has(username, password)) return known(login);
    const decide = (right: boolean): AuthData => {
      if (!right) throw new Error('invalid credentials');
      verified.add(username, password);
      return known(login);
    };
    const answer = users.get(username)?.(password) ?? false;
    return answer instanceof Promise ? answer.then(decide) : decide(answer);
  }

  return {
    capabilities: { serverAuth: { authenticate, challenge } },
    async start() {
      const text = await textOf(config);
      users = parseHtpasswd(text, await loadBcrypt(text), (line) => {
        settings.logger.warn('Malformed line of htpasswd is left out', { line });
      });
    },
    async shutdown() {},
  };
}
