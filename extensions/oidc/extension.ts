import { createHash } from 'node:crypto';
import type { AuthData, Extension, HeaderMap } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { authData, checkClaims } from './claims.ts';
import type { OidcConfig } from './config.ts';
import { Provider } from './provider.ts';

/** A token that was found good is not checked again for so long, or until it expires. */
const trustMs = 60_000;
const maxTrusted = 1000;
const maxTokenBytes = 16 * 1024;

interface Trusted {
  readonly auth: AuthData;
  readonly untilMs: number;
}

/** The issuer that a token names, unchecked: it only says whose keys to try. */
function issuerOf(token: string): string {
  const parts = token.split('.');
  try {
    if (parts.length !== 3) throw new Error('it has not three parts');
    const claims = JSON.parse(Buffer.from(parts[1]!, 'base64url').toString('utf8')) as unknown;
    const { iss } = claims as { iss?: unknown };
    return typeof iss === 'string' ? iss : '';
  } catch (error) {
    throw new Error(`failed to parse the token: oidc: malformed jws: ${(error as Error).message}`);
  }
}

class Checker {
  readonly #settings: Settings;
  readonly #config: OidcConfig;
  readonly #providers: ReadonlyMap<string, Provider>;
  readonly #trusted = new Map<string, Trusted>();

  constructor(settings: Settings, config: OidcConfig, providers: ReadonlyMap<string, Provider>) {
    this.#settings = settings;
    this.#config = config;
    this.#providers = providers;
  }

  authenticate(headers: HeaderMap): AuthData | Promise<AuthData> {
    const given = headers.get(this.#config.attribute.toLowerCase())?.[0];
    if (given === undefined) throw new Error("authentication didn't succeed");
    const parts = given.split(' ');
    if (parts.length !== 2) throw new Error('invalid authorization header format');
    const token = parts[1]!;
    if (token.length > maxTokenBytes) throw new Error('failed to parse the token: it is too long');
    const key = createHash('sha256').update(token).digest('base64');
    const trusted = this.#trusted.get(key);
    if (trusted !== undefined && trusted.untilMs > this.#settings.clock.unixMs()) {
      return trusted.auth;
    }
    this.#trusted.delete(key);
    return this.#check(token, key);
  }

  async #check(token: string, key: string): Promise<AuthData> {
    const issuer = issuerOf(token);
    const provider = this.#providerOf(issuer);
    let claims: Readonly<Record<string, unknown>>;
    try {
      claims = await provider.verify(token);
      checkClaims(claims, provider.config, this.#settings.clock.unixMs());
    } catch (error) {
      throw new Error(`failed to verify token: ${(error as Error).message}`, { cause: error });
    }
    const auth = authData(claims, token, provider.config);
    this.#trust(key, auth, Number(claims.exp) * 1000);
    return auth;
  }

  #providerOf(issuer: string): Provider {
    const [only] = this.#providers.values();
    if (this.#providers.size === 1) return only!;
    const found = this.#providers.get(issuer);
    if (found !== undefined) return found;
    const quoted = JSON.stringify(issuer);
    throw new Error(
      `failed to resolve OIDC provider for the issuer ${quoted}: no OIDC provider configured for it`,
    );
  }

  #trust(key: string, auth: AuthData, expiresMs: number): void {
    if (this.#trusted.size >= maxTrusted) {
      this.#trusted.delete(this.#trusted.keys().next().value!);
    }
    const untilMs = Math.min(expiresMs, this.#settings.clock.unixMs() + trustMs);
    this.#trusted.set(key, { auth, untilMs });
  }
}

/** Checks tokens of OpenID Connect providers. */
export function createOidc(settings: Settings, config: OidcConfig): Extension {
  const { logger } = settings;
  const providers = new Map<string, Provider>();
  const checker = new Checker(settings, config, providers);
  const refused = (remote: string, error: unknown): never => {
    const text = (error as Error).message;
    logger.warn('Authentication failed', { client_ip: remote, error: text });
    throw error;
  };
  return {
    capabilities: {
      serverAuth: {
        authenticate(headers, remote) {
          try {
            const answer = checker.authenticate(headers);
            if (!(answer instanceof Promise)) return answer;
            return answer.catch((error: unknown) => refused(remote, error));
          } catch (error) {
            return refused(remote, error);
          }
        },
      },
    },
    async start() {
      for (const given of config.providers) {
        try {
          providers.set(given.issuer_url, await Provider.open(given, settings));
        } catch (cause) {
          const why = (cause as Error).message;
          const url = JSON.stringify(given.issuer_url);
          throw new Error(`cannot get the configuration of OIDC provider ${url}: ${why}`, {
            cause,
          });
        }
      }
    },
    async shutdown() {
      for (const provider of providers.values()) provider.close();
      providers.clear();
    },
  };
}
