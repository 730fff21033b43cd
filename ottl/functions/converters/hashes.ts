import { createHash } from 'node:crypto';
import { defineFunction, type Getter, type OttlFunction } from '../types.ts';
import { fnv64a } from './fnv.ts';
import { murmur32, murmur128 } from './murmur3.ts';
import { xxh3, xxh128 } from './xxh3.ts';

function hexHash(name: string, hash: (bytes: Buffer) => string): OttlFunction {
  return defineFunction({
    name,
    parameters: [{ name: 'target', type: 'string' }],
    make: ({ target }: { target: Getter<string> }) => {
      return (place) => hash(Buffer.from(target.get(place)));
    },
  });
}

function openSsl(algorithm: string): (bytes: Buffer) => string {
  return (bytes) => createHash(algorithm).update(bytes).digest('hex');
}

function hex(value: bigint, bytes: number): string {
  return value.toString(16).padStart(bytes * 2, '0');
}

function littleEndian(value: bigint, bytes: number): string {
  return Buffer.from(hex(value, bytes), 'hex').reverse().toString('hex');
}

/** Hashes of texts: hexadecimal digits, but for FNV, which is a 64-bit integer. */
export const hashConverters: readonly OttlFunction[] = [
  hexHash('MD5', openSsl('md5')),
  hexHash('SHA1', openSsl('sha1')),
  hexHash('SHA256', openSsl('sha256')),
  hexHash('SHA512', openSsl('sha512')),
  hexHash('Murmur3Hash', (bytes) => littleEndian(BigInt(murmur32(bytes)), 4)),
  hexHash('Murmur3Hash128', (bytes) => {
    const [low, high] = murmur128(bytes);
    return littleEndian(low, 8) + littleEndian(high, 8);
  }),
  hexHash('XXH3', (bytes) => hex(xxh3(bytes), 8)),
  hexHash('XXH128', (bytes) => hex(xxh128(bytes), 16)),
  defineFunction({
    name: 'FNV',
    parameters: [{ name: 'target', type: 'string' }],
    make: ({ target }) => {
      return (place) => fnv64a(Buffer.from(target.get(place)));
    },
  }),
];
