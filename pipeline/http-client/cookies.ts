/** One cookie of a server (https://www.rfc-editor.org/rfc/rfc6265). */
interface Cookie {
  readonly value: string;
  readonly path: string;
  readonly secure: boolean;
  /** Milliseconds since 1970; Infinity = until the program ends. */
  readonly expiresMs: number;
}

const maxCookies = 50;
const maxBytes = 4096;

/**
 * The cookies of the one server that an exporter posts to; load balancers keep a client on one
 * machine by them. At most 50; the oldest goes.
 */
export class CookieJar {
  readonly #host: string;
  readonly #secure: boolean;
  readonly #path: string;
  readonly #cookies = new Map<string, Cookie>();

  constructor(url: URL) {
    this.#host = url.hostname.toLowerCase();
    this.#secure = url.protocol === 'https:';
    this.#path = url.pathname;
  }

  /** Takes the Set-Cookie headers of an answer. */
  take(headers: string | readonly string[] | undefined, nowMs: number): void {
    if (headers === undefined) return;
    for (const header of typeof headers === 'string' ? [headers] : headers) {
      if (header.length <= maxBytes) this.#takeOne(header, nowMs);
    }
  }

  /** The Cookie header of the next request; undefined without cookies. */
  header(nowMs: number): string | undefined {
    const sent: [name: string, cookie: Cookie][] = [];
    for (const [name, cookie] of this.#cookies) {
      if (cookie.expiresMs <= nowMs) this.#cookies.delete(name);
      else if (!cookie.secure || this.#secure) sent.push([name, cookie]);
    }
    if (sent.length === 0) return undefined;
    return sent.map(([name, { value }]) => `${name}=${value}`).join('; ');
  }

  #takeOne(header: string, nowMs: number): void {
    const [pair = '', ...attributes] = header.split(';');
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals).trim();
    if (equals < 1 || name === '') return;
    const given = new Map(
      attributes.map((text) => {
        const [key = '', ...value] = text.split('=');
        return [key.trim().toLowerCase(), value.join('=').trim()] as const;
      }),
    );
    const path = given.get('path')?.startsWith('/') ? given.get('path')! : '/';
    if (!this.#sendsTo(given.get('domain') ?? '', path)) return;
    this.#cookies.delete(name);
    const expiresMs = expiry(given, nowMs);
    if (expiresMs <= nowMs) return;
    if (this.#cookies.size >= maxCookies) this.#cookies.delete(this.#cookies.keys().next().value!);
    const value = pair.slice(equals + 1).trim();
    this.#cookies.set(name, { value, path, secure: given.has('secure'), expiresMs });
  }

  #sendsTo(domain: string, path: string): boolean {
    const bare = domain.replace(/^\./, '').toLowerCase();
    const ours = bare === '' || this.#host === bare || this.#host.endsWith(`.${bare}`);
    const below = path.endsWith('/') ? path : `${path}/`;
    return ours && (this.#path === path || this.#path.startsWith(below));
  }
}

function expiry(attributes: ReadonlyMap<string, string>, nowMs: number): number {
  const age = attributes.get('max-age');
  if (age !== undefined && /^-?\d{1,12}$/.test(age)) return nowMs + Number(age) * 1000;
  const date = Date.parse(attributes.get('expires') ?? '');
  return Number.isNaN(date) ? Number.POSITIVE_INFINITY : date;
}
