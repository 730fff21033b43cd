import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { md5Crypt } from './md5-crypt.ts';
import { shaCrypt } from './sha-crypt.ts';

/** Whether a password is the one behind an entry. */
export type Match = (password: string) => boolean | Promise<boolean>;

/** Compares bcrypt hashes; loaded when a file has one. */
export type BcryptVerify = (password: string, hash: string) => Promise<boolean>;

/** Rounds beyond this would hold the program up at each request. */
const roundsMax = 200_000;

function same(a: string | Uint8Array, b: string | Uint8Array): boolean {
  const [x, y] = [Buffer.from(a as string), Buffer.from(b as string)];
  return x.length === y.length && timingSafeEqual(x, y);
}

const sha1 = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

function md5Entry(encoded: string, magic: '$1$' | '$apr1$'): Match | undefined {
  const [salt = '', hash] = encoded.slice(magic.length).split('$');
  if (hash === undefined) return undefined;
  const short = salt.slice(0, 8);
  return (password) => same(md5Crypt(password, short, magic), hash);
}

function shaCryptEntry(encoded: string, algorithm: 'sha256' | 'sha512'): Match | undefined {
  const parts = encoded.slice(3).split('$');
  if (parts.length < 2 || parts.length > 3) return undefined;
  const given = parts.length === 3 ? /^rounds=(\d{1,9})$/.exec(parts[0]!) : undefined;
  if (given === null) return undefined;
  const rounds = given === undefined ? undefined : Math.max(1000, Number(given[1]));
  if (rounds !== undefined && rounds > roundsMax) return undefined;
  const [salt = '', hash = ''] = parts.slice(-2);
  const short = salt.slice(0, 16);
  return (password) => same(shaCrypt(password, short, algorithm, rounds), hash);
}

function sshaEntry(encoded: string): Match | undefined {
  const bytes = Buffer.from(encoded.slice('{SSHA}'.length), 'base64');
  if (bytes.length < 20) return undefined;
  const [hash, salt] = [bytes.subarray(0, 20), bytes.subarray(20)];
  return (password) => same(sha1(password, salt), hash);
}

/** @returns undefined for an encoding that is malformed */
function matcher(encoded: string, bcrypt: BcryptVerify): Match | undefined {
  if (encoded.startsWith('$apr1$')) return md5Entry(encoded, '$apr1$');
  if (encoded.startsWith('$1$')) return md5Entry(encoded, '$1$');
  if (encoded.startsWith('{SHA}')) {
    const hash = Buffer.from(encoded.slice('{SHA}'.length), 'base64');
    return hash.length === 20 ? (password) => same(sha1(password), hash) : undefined;
  }
  if (/^\$2[abxy]\$/.test(encoded)) {
    if (!/^\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}$/.test(encoded)) return () => false;
    return (password) => bcrypt(password, encoded);
  }
  if (encoded.startsWith('{SSHA}')) return sshaEntry(encoded);
  if (encoded.startsWith('$5$')) return shaCryptEntry(encoded, 'sha256');
  if (encoded.startsWith('$6$')) return shaCryptEntry(encoded, 'sha512');
  return (password) => same(password, encoded);
}

/** Whether a text has entries that need bcrypt. */
export function usesBcrypt(text: string): boolean {
  return /:\$2[abxy]\$/.test(text);
}

/**
 * Reads htpasswd lines `user:password`: MD5 ($apr1$, $1$), {SHA}, {SSHA}, bcrypt, SHA crypt
 * ($5$, $6$) or plain text. A later line of a user takes the place of an earlier one.
 * @param bad told of the number of each line that is malformed, from 1; it is left out
 */
export function parseHtpasswd(
  text: string,
  bcrypt: BcryptVerify,
  bad: (line: number) => void,
): Map<string, Match> {
  const users = new Map<string, Match>();
  text.split('\n').forEach((raw, i) => {
    const line = raw.trim();
    if (line === '') return;
    const colon = line.indexOf(':');
    const match = colon < 0 ? undefined : matcher(line.slice(colon + 1), bcrypt);
    if (match === undefined) bad(i + 1);
    else users.set(line.slice(0, colon), match);
  });
  return users;
}

/**
 * Passwords that were found right, kept as keyed hashes so that a slow comparison is made once and
 * not for every request. At most one a user.
 */
export class Verified {
  readonly #key: Uint8Array;
  readonly #known = new Map<string, Buffer>();

  /** @param key random, of at least 32 bytes */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  has(user: string, password: string): boolean {
    const known = this.#known.get(user);
    return known !== undefined && timingSafeEqual(known, this.#digest(password));
  }

  add(user: string, password: string): void {
    this.#known.set(user, this.#digest(password));
  }

  #digest(password: string): Buffer {
    return createHmac('sha256', this.#key).update(password).digest();
  }
}
