import { dns } from './dns/protocol.ts';
import { http1 } from './http1/protocol.ts';
import { mysql } from './mysql/protocol.ts';
import type { Protocol } from './protocol.ts';
import { redis } from './redis/protocol.ts';

/** Makes each protocol that is known, by the name that configuration uses. */
export const protocols = {
  http: http1,
  dns,
  mysql,
  redis,
} as const satisfies Record<string, () => Protocol>;

/** A name of `protocols` in configuration. */
export type ProtocolName = keyof typeof protocols;

/** All names, in the order in which protocols are tried. */
export const protocolNames = Object.keys(protocols) as ProtocolName[];
