import { Fields } from './values.ts';

/** Capability flags that change what is on the wire. */
const Capability = {
  connectWithDb: 1 << 3,
  compress: 1 << 5,
  protocol41: 1 << 9,
  ssl: 1 << 11,
  secureConnection: 1 << 15,
  lenencAuth: 1 << 21,
  deprecateEof: 1 << 24,
  optionalMetadata: 1 << 25,
  zstd: 1 << 26,
  queryAttributes: 1 << 27,
} as const;

/** MariaDB's own capabilities, from bit 32 on. */
const CACHE_METADATA = 1 << 4;
const MAX_VERSION = 64;
const MAX_DATABASE = 64;

/**
 * The server's first packet; flags are the low 32 of both capability fields, and MariaDB's
 * extended ones.
 */
export interface Greeting {
  /** As the server gives it, at most 64 characters. */
  readonly version: string;
  readonly mariadb: boolean;
  readonly capabilities: number;
  readonly extended: number;
}

/** The server's first packet, protocol version 10; undefined when it is something else. */
export function parseGreeting(b: Uint8Array, start: number, end: number): Greeting | undefined {
  const f = new Fields(b, start, end);
  if (f.u8() !== 10) return undefined;
  const version = f.zeroText();
  if (!f.ok || version.length > 255 || !/^[\x20-\x7e]+$/.test(version)) return undefined;
  // Thread id, first part of the challenge, a zero byte.
  f.skip(12);
  if (f.u8() !== 0 || !f.ok) return undefined;
  const low = f.u16();
  if (!f.ok) return undefined;
  f.skip(3);
  const high = f.u16();
  f.skip(7);
  const extended = f.u32();
  const capabilities = (low | (high << 16)) >>> 0;
  const mariadb = version.includes('MariaDB') || (capabilities & 1) === 0;
  return {
    // MariaDB puts 5.5.5- before its version, for old replicas.
    version: version.replace(/^5\.5\.5-(?=.*MariaDB)/, '').slice(0, MAX_VERSION),
    mariadb,
    capabilities,
    extended: (capabilities & 1) === 0 ? extended : 0,
  };
}

interface Login {
  readonly capabilities: number;
  readonly extended: number;
  /** TLS begins after this packet. */
  readonly tls: boolean;
  /** '' = none, or not known. */
  readonly database: string;
}

/**
 * The client's first packet. The name of the user and the proof of the password are passed over.
 * @param length of the whole payload
 */
export function parseLogin(
  b: Uint8Array,
  start: number,
  end: number,
  length: number,
): Login | undefined {
  const f = new Fields(b, start, end);
  const low = f.u16();
  if ((low & Capability.protocol41) === 0) return parseOldLogin(f, low);
  const capabilities = (low | (f.u16() << 16)) >>> 0;
  // Largest packet, character set, 19 zeros.
  f.skip(4 + 1 + 19);
  const extended = (capabilities & 1) === 0 ? f.u32() : 0;
  if (extended === 0 && (capabilities & 1) !== 0) f.skip(4);
  if (!f.ok) return undefined;
  if (length === 32 && (capabilities & Capability.ssl) !== 0) {
    return { capabilities, extended, tls: true, database: '' };
  }
  f.zeroText();
  if ((capabilities & Capability.lenencAuth) !== 0) f.skip(f.lenenc());
  else if ((capabilities & Capability.secureConnection) !== 0) f.skip(f.u8());
  else f.zeroText();
  const named = (capabilities & Capability.connectWithDb) !== 0;
  const database = named && f.ok ? f.zeroText().slice(0, MAX_DATABASE) : '';
  return { capabilities, extended, tls: false, database };
}

function parseOldLogin(f: Fields, low: number): Login | undefined {
  f.skip(3);
  if (!f.ok) return undefined;
  if ((low & Capability.ssl) !== 0 && f.left === 0) {
    return { capabilities: low, extended: 0, tls: true, database: '' };
  }
  f.zeroText();
  return f.ok ? { capabilities: low, extended: 0, tls: false, database: '' } : undefined;
}

/** What both sides agreed on. */
export interface Agreed {
  /** Undefined = not known: the handshake was not seen. */
  readonly deprecateEof: boolean | undefined;
  /** A byte before the number of columns says whether their definitions follow (MySQL). */
  readonly optionalMetadata: boolean;
  /** A byte after the number of columns says so (MariaDB). */
  readonly cachedMetadata: boolean;
  readonly queryAttributes: boolean | undefined;
  readonly compression: '' | 'zlib' | 'zstd';
}

/** What is assumed of a connection whose login was not seen. */
export const nothingAgreed: Agreed = {
  deprecateEof: undefined,
  optionalMetadata: false,
  cachedMetadata: false,
  queryAttributes: undefined,
  compression: '',
};

/** What both allow; where the greeting was not seen, the client's flags count. */
export function agree(greeting: Greeting | undefined, login: Login): Agreed {
  const server = greeting?.capabilities ?? 0xffffffff;
  const both = login.capabilities & server;
  const extended = login.extended & (greeting?.extended ?? 0xffffffff);
  let compression: Agreed['compression'] = '';
  if ((both & Capability.compress) !== 0) compression = 'zlib';
  else if ((both & Capability.zstd) !== 0) compression = 'zstd';
  return {
    deprecateEof: (both & Capability.deprecateEof) !== 0,
    optionalMetadata: (both & Capability.optionalMetadata) !== 0,
    cachedMetadata: (extended & CACHE_METADATA) !== 0,
    queryAttributes: (both & Capability.queryAttributes) !== 0,
    compression,
  };
}
