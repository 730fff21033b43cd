/** What the header of a request says. */
export interface Login {
  readonly username: string;
  readonly password: string;
  /** The base 64 text behind `Basic `. */
  readonly raw: string;
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * Reads an Authorization header (RFC 7617).
 * @throws Error that says what is wrong with it; the text goes to the client
 */
export function parseBasic(header: string | undefined): Login {
  if (header === undefined || header === '') throw new Error('no basic auth provided');
  if (!/^basic /i.test(header)) throw new Error('invalid authorization scheme prefix');
  const raw = header.slice('Basic '.length);
  const text = base64.test(raw) ? Buffer.from(raw, 'base64').toString('utf8') : '';
  const colon = text.indexOf(':');
  if (colon < 0) throw new Error('invalid authorization format');
  return { username: text.slice(0, colon), password: text.slice(colon + 1), raw };
}

/** The header of a user. @throws Error for a name with a colon, which cannot be sent */
export function basicHeader(username: string, password: string): string {
  if (username.includes(':')) {
    throw new Error('cannot send a user name with a colon: invalid authorization format');
  }
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
