import type { Fetched } from '../../config/groups/http-fetch.ts';

/** What a token server gave. */
export interface Token {
  /** The value of the Authorization header. */
  readonly authorization: string;
  /** Milliseconds that it lives; Infinity = not said. */
  readonly livesMs: number;
}

const types: Readonly<Record<string, string>> = { bearer: 'Bearer', mac: 'MAC', basic: 'Basic' };

function fieldsOf({ contentType, body }: Fetched): Readonly<Record<string, unknown>> {
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  if (type === 'application/x-www-form-urlencoded' || type === 'text/plain') {
    return Object.fromEntries(new URLSearchParams(body));
  }
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>;
  } catch {
    // told below
  }
  throw new Error('the answer is no JSON object');
}

/** The error of a token server (RFC 6749 section 5.2), without what else it said. */
function reason(fetched: Fetched): string {
  try {
    const { error, error_description: description } = fieldsOf(fetched);
    const texts = [error, description].filter((text) => typeof text === 'string' && text !== '');
    return texts.length === 0 ? '' : `: ${texts.join(': ').slice(0, 500)}`;
  } catch {
    return '';
  }
}

/** Reads the answer to a request for a token. @throws Error without the token in it */
export function tokenOf(fetched: Fetched): Token {
  if (fetched.status < 200 || fetched.status > 299) {
    throw new Error(`the token server answered ${fetched.status}${reason(fetched)}`);
  }
  const { access_token: token, token_type: type, expires_in: expires } = fieldsOf(fetched);
  if (typeof token !== 'string' || token === '') {
    throw new Error(`server response missing access_token${reason(fetched)}`);
  }
  if (/[^\x21-\x7e]/.test(token)) throw new Error('access_token is no header value');
  const given = typeof type === 'string' && /^[A-Za-z0-9-]+$/.test(type) ? type : 'Bearer';
  const seconds = Number(expires ?? 0);
  return {
    authorization: `${types[given.toLowerCase()] ?? given} ${token}`,
    livesMs: seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY,
  };
}
