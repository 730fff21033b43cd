import { createHash } from 'node:crypto';

/** Identifying attributes of an entity, values as text. */
export type EntityIdentity = ReadonlyMap<string, string> | Readonly<Record<string, string>>;

/**
 * Id of an entity: the first 64 bits, big-endian, of the SHA-256 of its type and its identifying
 * attributes, sorted by the bytes of the keys, each text as its length in bytes (32 bits,
 * little-endian) and its UTF-8. Every program that knows the identity computes the same. Never 0:
 * 0 becomes 1.
 */
export function entityId(type: string, identity: EntityIdentity): bigint {
  const entries: [string, string][] =
    identity instanceof Map
      ? [...identity]
      : Object.entries(identity as Readonly<Record<string, string>>);
  const pairs = entries.map(([key, value]) => [Buffer.from(key), Buffer.from(value)] as const);
  pairs.sort((a, b) => Buffer.compare(a[0], b[0]));
  const hash = createHash('sha256');
  const text = (bytes: Uint8Array): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    hash.update(length).update(bytes);
  };
  text(Buffer.from(type));
  for (const [key, value] of pairs) {
    text(key);
    text(value);
  }
  const id = hash.digest().readBigUInt64BE(0);
  return id === 0n ? 1n : id;
}
