import type { CorsConfig } from './http-server.ts';

/** Headers that need no leave. */
const simpleHeaders = ['accept', 'accept-language', 'content-language', 'content-type', 'origin'];

/** Methods that a preflight may ask for. */
const methods = ['GET', 'POST', 'HEAD'];

function matches(pattern: string, origin: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern.toLowerCase() === origin.toLowerCase();
  const before = pattern.slice(0, star).toLowerCase();
  const after = pattern.slice(star + 1).toLowerCase();
  const text = origin.toLowerCase();
  const long = text.length >= before.length + after.length;
  return long && text.startsWith(before) && text.endsWith(after);
}

/** Header names and values, one after the other. */
export type HeaderPairs = string[];

/** Answers to cross-origin requests (https://fetch.spec.whatwg.org/#http-cors-protocol). */
export class Cors {
  readonly #config: CorsConfig;

  constructor(config: CorsConfig) {
    this.#config = config;
  }

  #allowed(origin: string): string | undefined {
    const { allowed_origins: origins } = this.#config;
    if (origins.includes('*')) return '*';
    return origins.some((pattern) => matches(pattern, origin)) ? origin : undefined;
  }

  /** @returns what an actual answer carries; empty when the origin is not allowed */
  answer(origin: string | undefined): HeaderPairs {
    if (origin === undefined) return [];
    const out = ['vary', 'Origin'];
    const allowed = this.#allowed(origin);
    if (allowed === undefined) return out;
    out.push('access-control-allow-origin', allowed);
    out.push('access-control-allow-credentials', 'true');
    const exposed = this.#config.exposed_headers.join(', ');
    if (exposed !== '') out.push('access-control-expose-headers', exposed);
    return out;
  }

  /**
   * @param requested Access-Control-Request-Headers
   * @returns what the answer (204) to a preflight carries; without the allowing headers when the
   *   origin, the method or a header is not allowed
   */
  preflight(origin: string | undefined, method: string, requested: string): HeaderPairs {
    const vary = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';
    const out = ['vary', vary];
    const allowed = origin === undefined ? undefined : this.#allowed(origin);
    const names = requested.split(',').map((name) => name.trim().toLowerCase());
    const wanted = names.filter((name) => name !== '');
    if (allowed === undefined || !methods.includes(method)) return out;
    if (!this.#headersAllowed(wanted)) return out;
    out.push('access-control-allow-origin', allowed);
    out.push('access-control-allow-credentials', 'true');
    out.push('access-control-allow-methods', method);
    if (wanted.length > 0) out.push('access-control-allow-headers', wanted.join(', '));
    const age = this.#config.max_age;
    if (age > 0) out.push('access-control-max-age', String(age));
    return out;
  }

  #headersAllowed(wanted: readonly string[]): boolean {
    const given = this.#config.allowed_headers.map((name) => name.toLowerCase());
    if (given.includes('*')) return true;
    const more = given.length === 0 ? [...simpleHeaders, 'x-requested-with'] : simpleHeaders;
    return wanted.every((name) => given.includes(name) || more.includes(name));
  }
}
