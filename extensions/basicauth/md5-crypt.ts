import { createHash } from 'node:crypto';

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The base 64 of crypt(3): `length` characters, lowest bits first. */
export function crypt64(value: number, length: number): string {
  let rest = value;
  let text = '';
  for (let i = 0; i < length; i += 1) {
    text += alphabet[rest & 63];
    rest >>>= 6;
  }
  return text;
}

const md5 = (...parts: readonly (Uint8Array | string)[]): Buffer => {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

function firstDigest(password: Buffer, salt: string, magic: string): Buffer {
  const alternate = md5(password, salt, password);
  const hash = createHash('md5').update(password).update(magic).update(salt);
  for (let left = password.length; left > 0; left -= 16) {
    hash.update(alternate.subarray(0, Math.min(16, left)));
  }
  for (let bits = password.length; bits > 0; bits >>= 1) {
    hash.update(bits & 1 ? Buffer.alloc(1) : password.subarray(0, 1));
  }
  return hash.digest();
}

/**
 * MD5 crypt, of FreeBSD (`$1$`) and Apache (`$apr1$`): a thousand rounds of MD5.
 * @param salt at most 8 characters
 * @returns the part behind the salt, 22 characters
 */
export function md5Crypt(password: string, salt: string, magic: '$1$' | '$apr1$'): string {
  const secret = Buffer.from(password);
  let digest = firstDigest(secret, salt, magic);
  for (let round = 0; round < 1000; round += 1) {
    const parts: (Uint8Array | string)[] = [round & 1 ? secret : digest];
    if (round % 3 !== 0) parts.push(salt);
    if (round % 7 !== 0) parts.push(secret);
    parts.push(round & 1 ? digest : secret);
    digest = md5(...parts);
  }
  const of = (a: number, b: number, c: number) =>
    crypt64((digest[a]! << 16) | (digest[b]! << 8) | digest[c]!, 4);
  const groups = of(0, 6, 12) + of(1, 7, 13) + of(2, 8, 14) + of(3, 9, 15) + of(4, 10, 5);
  return groups + crypt64(digest[11]!, 2);
}
