import { cityHash128Into } from '../wire/clickhouse-compress/cityhash.ts';
import { crc32cPlain } from './crc32c.ts';
import { absent, loadFastPath, nativeFiles } from './load.ts';

/** Hash functions of hash.c or their TypeScript twins. */
export interface Hashes {
  /** Writes CityHash128 (1.0.2) of `bytes` to target[0..16), low half first, little-endian. */
  cityHash128Into(bytes: Uint8Array, target: Uint8Array): void;
  /** CRC-32C of bytes that follow bytes with CRC `seed`. */
  crc32c(bytes: Uint8Array, seed?: number): number;
  /** Why the addon is not used, when it is not. */
  readonly plain?: string;
}

/** The fastest hashes that this machine has; their twins with WIRESTITCH_FAST_PATHS=off. */
export function loadHashes(): Hashes {
  const loaded = loadFastPath<Hashes>('hash');
  if (loaded.addon !== undefined) return loaded.addon;
  return { cityHash128Into, crc32c: crc32cPlain, plain: loaded.why };
}

/** Path of the program that confines its child (confine.c), or why there is none. */
export function confineProgram(): { path: string } | { path: undefined; why: string } {
  if (process.platform !== 'linux') return { path: undefined, why: `${process.platform} has none` };
  if (process.env.WIRESTITCH_NO_NATIVE === '1') {
    return { path: undefined, why: 'switched off by WIRESTITCH_NO_NATIVE' };
  }
  const [path] = nativeFiles('confine');
  return path === undefined ? { path, why: absent('confine') } : { path };
}
