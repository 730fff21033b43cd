import { readFile } from 'node:fs/promises';
import type { Fetch, Fetched } from '../../config/groups/http-fetch.ts';
import { jwtBearer, type OAuth2Config } from './config.ts';
import { type Token, tokenOf } from './token.ts';

/** How requests are made, so that tests can answer them. */
export type Send = (request: Fetch) => Promise<Fetched>;

async function textOf(inline: string, file: string): Promise<string> {
  if (file === '') return inline;
  const quoted = JSON.stringify(file);
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new Error(`cannot read credentials file ${quoted}: ${error.message}`);
  });
  if (text.trim() === '') throw new Error(`cannot use empty credentials file ${quoted}`);
  return text.trim();
}

/** @throws Error for a parameter that is there already; grant_type may be replaced */
function form(
  own: Readonly<Record<string, string>>,
  more: OAuth2Config['endpoint_params'],
): string {
  const params = new URLSearchParams(own);
  for (const [name, values] of Object.entries(more)) {
    if (params.has(name) && name !== 'grant_type') {
      throw new Error(`cannot overwrite parameter ${JSON.stringify(name)}`);
    }
    params.delete(name);
    for (const value of values) params.append(name, value);
  }
  return params.toString();
}

const encoded = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);

async function assertion(config: OAuth2Config, clientId: string, nowMs: number): Promise<string> {
  const [{ SignJWT }, { createPrivateKey, randomUUID }] = await Promise.all([
    import('jose'),
    import('node:crypto'),
  ]);
  const { client_certificate_key: inline, client_certificate_key_file: file } = config;
  const key = createPrivateKey(await textOf(inline.reveal(), file));
  const scope = config.scopes.join(' ');
  const seconds = Math.floor(nowMs / 1000);
  const claims = {
    iss: config.iss || clientId,
    sub: clientId,
    jti: randomUUID(),
    aud: config.audience || config.token_url,
    iat: seconds,
    exp: seconds + 1800,
    ...(scope === '' ? {} : { scope }),
    ...config.claims,
  };
  const kid = config.client_certificate_key_id;
  const header = { alg: config.signature_algorithm || 'RS256', typ: 'JWT' };
  return new SignJWT(claims).setProtectedHeader(kid === '' ? header : { ...header, kid }).sign(key);
}

/** Fetches tokens as RFC 6749 (client credentials) or RFC 7523 (JWT bearer) have it. */
export class TokenRequest {
  readonly #config: OAuth2Config;
  readonly #send: Send;
  readonly #unixMs: () => number;
  readonly #tls: () => Promise<Fetch['tls']>;
  /** Whether the server wants the secret in the body; found at the first request. */
  #inBody: boolean | undefined;

  constructor(
    config: OAuth2Config,
    send: Send,
    unixMs: () => number,
    tls: () => Promise<Fetch['tls']>,
  ) {
    this.#config = config;
    this.#send = send;
    this.#unixMs = unixMs;
    this.#tls = tls;
  }

  /** @throws Error that says why there is none */
  async token(): Promise<Token> {
    const { token_url: url, client_id, client_id_file } = this.#config;
    try {
      const clientId = await textOf(client_id, client_id_file);
      if (this.#config.grant_type === jwtBearer) return await this.#byAssertion(clientId);
      return await this.#bySecret(clientId);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      const endpoint = JSON.stringify(url);
      throw new Error(
        `failed to get security token from token endpoint (endpoint ${endpoint}): ${text}`,
        { cause },
      );
    }
  }

  async #byAssertion(clientId: string): Promise<Token> {
    const { scopes, endpoint_params } = this.#config;
    const own: Record<string, string> = {
      grant_type: jwtBearer,
      assertion: await assertion(this.#config, clientId, this.#unixMs()),
    };
    if (scopes.length > 0) own.scope = scopes.join(' ');
    return tokenOf(await this.#post(form(own, endpoint_params), {}));
  }

  /** Servers differ in where they look for the secret: the header first, then the body. */
  async #bySecret(clientId: string): Promise<Token> {
    const { client_secret: inline, client_secret_file: file } = this.#config;
    const secret = await textOf(inline.reveal(), file);
    if (this.#inBody !== undefined) return this.#ask(clientId, secret, this.#inBody);
    try {
      const token = await this.#ask(clientId, secret, false);
      this.#inBody = false;
      return token;
    } catch {
      const token = await this.#ask(clientId, secret, true);
      this.#inBody = true;
      return token;
    }
  }

  async #ask(clientId: string, secret: string, inBody: boolean): Promise<Token> {
    const { scopes, endpoint_params } = this.#config;
    const own: Record<string, string> = { grant_type: 'client_credentials' };
    if (scopes.length > 0) own.scope = scopes.join(' ');
    const headers: Record<string, string> = {};
    if (inBody) Object.assign(own, { client_id: clientId, client_secret: secret });
    else {
      const login = Buffer.from(`${encoded(clientId)}:${encoded(secret)}`).toString('base64');
      headers.authorization = `Basic ${login}`;
    }
    return tokenOf(await this.#post(form(own, endpoint_params), headers));
  }

  async #post(body: string, headers: Record<string, string>): Promise<Fetched> {
    return this.#send({
      url: this.#config.token_url,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body,
      timeoutMs: Math.max(0, this.#config.timeout),
      tls: await this.#tls(),
    });
  }
}
