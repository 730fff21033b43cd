import { readFile } from 'node:fs/promises';
import type { CryptoKey, JSONWebKeySet } from 'jose';
import type { Settings } from '../../component/settings.ts';
import { type Fetch, type Fetched, fetchOnce } from '../../config/groups/http-fetch.ts';
import { watchFile } from '../../config/groups/watch-file.ts';
import type { ProviderConfig } from './config.ts';
import { algorithms, parseKeys } from './keys.ts';

const fetchMs = 5000;

/** Keys are fetched again for a token that none of them made, at most so often. */
const refetchMs = 10_000;

type Jose = typeof import('jose');
type Needed = Pick<Settings, 'clock' | 'logger'>;

function jsonOf(url: string, { status, body }: Fetched): Readonly<Record<string, unknown>> {
  if (status !== 200) throw new Error(`cannot read ${url}: it answered ${status}`);
  const parsed: unknown = JSON.parse(body);
  if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  throw new Error(`cannot read ${url}: the answer is no JSON object`);
}

/** Checks signatures with the keys of one provider. */
export class Provider {
  readonly config: ProviderConfig;
  readonly #settings: Needed;
  readonly #jose: Jose;
  #tls: Fetch['tls'];
  #jwksUrl = '';
  #algorithms: readonly string[] = [];
  #find: ReturnType<Jose['createLocalJWKSet']> | undefined;
  #fetchedMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;
  #stop: () => void = () => undefined;

  private constructor(config: ProviderConfig, settings: Needed, jose: Jose) {
    this.config = config;
    this.#settings = settings;
    this.#jose = jose;
  }

  /**
   * Reads the file of keys, or the provider's description (OpenID Connect Discovery).
   * @throws Error when neither can be had
   */
  static async open(config: ProviderConfig, settings: Needed): Promise<Provider> {
    const provider = new Provider(config, settings, await import('jose'));
    if (config.public_keys_file !== '') await provider.#followFile(config.public_keys_file);
    else await provider.#discover();
    return provider;
  }

  close(): void {
    this.#stop();
  }

  /** @returns the claims of a token that the provider signed @throws Error for any other */
  async verify(token: string): Promise<Readonly<Record<string, unknown>>> {
    if (this.#find === undefined) await this.#fetchKeys();
    try {
      return await this.#verifyWith(token);
    } catch (error) {
      const old = this.#settings.clock.monotonicMs() - this.#fetchedMs >= refetchMs;
      if (this.#jwksUrl === '' || !old || !this.#isUnknownKey(error)) throw error;
    }
    await this.#fetchKeys();
    return this.#verifyWith(token);
  }

  #isUnknownKey(error: unknown): boolean {
    const { JWKSNoMatchingKey, JWSSignatureVerificationFailed } = this.#jose.errors;
    return error instanceof JWKSNoMatchingKey || error instanceof JWSSignatureVerificationFailed;
  }

  async #verifyWith(token: string): Promise<Record<string, unknown>> {
    const { compactVerify, errors } = this.#jose;
    const options = { algorithms: [...this.#algorithms] };
    let payload: Uint8Array;
    try {
      ({ payload } = await compactVerify(token, this.#find!, options));
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      payload = await this.#tryEach(token, error as AsyncIterable<CryptoKey>);
    }
    return JSON.parse(Buffer.from(payload).toString('utf8')) as Record<string, unknown>;
  }

  /** A token that does not say which key made it. */
  async #tryEach(token: string, keys: AsyncIterable<CryptoKey>): Promise<Uint8Array> {
    const { compactVerify, errors } = this.#jose;
    for await (const key of keys) {
      try {
        return (await compactVerify(token, key, { algorithms: [...this.#algorithms] })).payload;
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }

  #use(keys: JSONWebKeySet): void {
    this.#find = this.#jose.createLocalJWKSet(keys);
  }

  async #followFile(path: string): Promise<void> {
    const read = async (): Promise<void> => {
      const { jwks, algorithms: allowed } = parseKeys(await readFile(path, 'utf8'));
      this.#use(jwks);
      this.#algorithms = allowed;
    };
    await read();
    this.#stop = watchFile(path, this.#settings.clock, () => {
      read().catch((error: Error) => {
        const fields = { file: path, error: error.message };
        this.#settings.logger.error('failed to reload JWKS file', fields);
      });
    });
  }

  async #discover(): Promise<void> {
    const { issuer_url: issuer, issuer_ca_path: ca } = this.config;
    if (ca !== '') this.#tls = { ca: await readFile(ca, 'utf8') };
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const found = jsonOf(url, await this.#get(url));
    if (found.issuer !== issuer) {
      const got = JSON.stringify(found.issuer);
      throw new Error(
        `issuer did not match the issuer returned by provider, expected ${issuer} got ${got}`,
      );
    }
    this.#jwksUrl = String(found.jwks_uri ?? '');
    const offered = found.id_token_signing_alg_values_supported;
    const known = algorithms.filter((name) => Array.isArray(offered) && offered.includes(name));
    this.#algorithms = known.length === 0 ? ['RS256'] : known;
  }

  #get(url: string): Promise<Fetched> {
    return fetchOnce({ url, method: 'GET', timeoutMs: fetchMs, tls: this.#tls });
  }

  #fetchKeys(): Promise<void> {
    this.#fetching ??= this.#takeKeys().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #takeKeys(): Promise<void> {
    this.#fetchedMs = this.#settings.clock.monotonicMs();
    const { body, status } = await this.#get(this.#jwksUrl);
    if (status !== 200)
      throw new Error(`cannot fetch keys ${this.#jwksUrl}: it answered ${status}`);
    this.#use(parseKeys(body).jwks);
  }
}
