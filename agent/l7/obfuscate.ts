/** Stands for a value that may be a secret. */
export const REDACTED = 'REDACTED';

/**
 * Names of query parameters whose values may be secrets, as parts of the lower-cased name without
 * `-` and `_`; short ones must be the whole name.
 */
const PARTS = new RegExp(
  [
    'token',
    'secret',
    'passw',
    'pwd',
    'signature',
    'apikey',
    'accesskey',
    'authkey',
    'privatekey',
    'credential',
    'authorization',
    'session',
    'jwt',
    'assertion',
    'samlre',
    'awsaccesskeyid',
    'csrf',
    'xsrf',
  ].join('|'),
);
/** Names that are compared as they are. */
const PLAIN = /^[a-z0-9]*$/;
/** Characters of the shortest of all. */
const SHORTEST = 3;
const WHOLE = new Set([
  'key',
  'sig',
  'auth',
  'pass',
  'pin',
  'otp',
  'code',
  'sid',
  'state',
  'nonce',
]);

/** Whether a parameter of this name (perhaps percent-encoded) may carry a secret. */
export function isSecretName(name: string): boolean {
  let plain = name;
  if (name.includes('%')) {
    try {
      plain = decodeURIComponent(name);
    } catch {
      return true;
    }
  }
  if (plain.length < SHORTEST) return false;
  if (!PLAIN.test(plain)) plain = plain.toLowerCase().replaceAll('_', '').replaceAll('-', '');
  if (WHOLE.has(plain)) return true;
  return PARTS.test(plain);
}

/** A query string (without `?`) with the values of secret-looking parameters redacted. */
export function redactQuery(query: string): string {
  if (!query.includes('=')) return query;
  let out = '';
  let start = 0;
  while (start <= query.length) {
    let end = start;
    while (end < query.length && query[end] !== '&' && query[end] !== ';') end++;
    const equals = query.indexOf('=', start);
    if (equals >= start && equals < end && isSecretName(query.slice(start, equals))) {
      out += `${query.slice(start, equals)}=${REDACTED}`;
    } else {
      out += query.slice(start, end);
    }
    if (end < query.length) out += query[end];
    start = end + 1;
  }
  return out;
}
