import { createHash } from 'node:crypto';
import { crypt64 } from './md5-crypt.ts';

const defaultRounds = 5000;

/** Order in which the bytes of the digest are written, three to four characters, ends first. */
const order256 = [
  [0, 10, 20],
  [21, 1, 11],
  [12, 22, 2],
  [3, 13, 23],
  [24, 4, 14],
  [15, 25, 5],
  [6, 16, 26],
  [27, 7, 17],
  [18, 28, 8],
  [9, 19, 29],
] as const;

function order512(): [number, number, number][] {
  return Array.from({ length: 21 }, (_, i) => {
    const group = [i, i + 21, i + 42];
    const shift = i % 3;
    return [group[shift]!, group[(shift + 1) % 3]!, group[(shift + 2) % 3]!];
  });
}

function repeat(block: Buffer, length: number): Buffer {
  const out = Buffer.alloc(length);
  for (let at = 0; at < length; at += block.length) block.copy(out, at, 0, length - at);
  return out;
}

function encode(digest: Buffer): string {
  const of = (a: number, b: number, c: number) =>
    crypt64((digest[a]! << 16) | (digest[b]! << 8) | digest[c]!, 4);
  if (digest.length === 32) {
    const groups = order256.map(([a, b, c]) => of(a, b, c)).join('');
    return groups + crypt64((digest[31]! << 8) | digest[30]!, 3);
  }
  return (
    order512()
      .map(([a, b, c]) => of(a, b, c))
      .join('') + crypt64(digest[63]!, 2)
  );
}

/**
 * SHA crypt (https://www.akkadia.org/drepper/SHA-crypt.txt).
 * @param salt at most 16 characters
 * @param rounds 1000 to 999,999,999
 * @returns the part behind the salt
 */
export function shaCrypt(
  password: string,
  salt: string,
  algorithm: 'sha256' | 'sha512',
  rounds = defaultRounds,
): string {
  const key = Buffer.from(password);
  const hash = () => createHash(algorithm);
  const b = hash().update(key).update(salt).update(key).digest();
  const first = hash().update(key).update(salt).update(repeat(b, key.length));
  for (let bits = key.length; bits > 0; bits >>= 1) first.update(bits & 1 ? b : key);
  let digest: Buffer = first.digest();
  const many = hash();
  for (let i = 0; i < key.length; i += 1) many.update(key);
  const p = repeat(many.digest(), key.length);
  const salted = hash();
  for (let i = 0; i < 16 + digest[0]!; i += 1) salted.update(salt);
  const s = repeat(salted.digest(), Buffer.byteLength(salt));
  for (let round = 0; round < rounds; round += 1) {
    const next = hash().update(round & 1 ? p : digest);
    if (round % 3 !== 0) next.update(s);
    if (round % 7 !== 0) next.update(p);
    digest = next.update(round & 1 ? digest : p).digest();
  }
  return encode(digest);
}
