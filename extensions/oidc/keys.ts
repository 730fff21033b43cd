import type { JSONWebKeySet, JWK } from 'jose';

const byType: Readonly<Record<string, readonly string[]>> = {
  RSA: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  EC: ['ES256', 'ES384', 'ES512'],
  OKP: ['EdDSA'],
};

/** Signatures that are understood. */
export const algorithms: readonly string[] = Object.values(byType).flat();

function isSupported({ kty, crv, n, e, x, y }: JWK): boolean {
  if (kty === 'RSA') return typeof n === 'string' && typeof e === 'string';
  if (kty === 'EC') {
    const curve = crv === 'P-256' || crv === 'P-384' || crv === 'P-521';
    return curve && typeof x === 'string' && typeof y === 'string';
  }
  return kty === 'OKP' && crv === 'Ed25519' && typeof x === 'string';
}

/** Keys of a set and the signatures that they may make. */
export interface KeySet {
  readonly jwks: JSONWebKeySet;
  readonly algorithms: readonly string[];
}

/**
 * Reads a JSON Web Key Set (RFC 7517); keys of other types are left out.
 * @throws Error when it is none, or holds no key that is understood
 */
export function parseKeys(text: string): KeySet {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new Error(`failed to parse JWKS: ${(error as Error).message}`);
  }
  const given = (parsed as { keys?: unknown } | null)?.keys;
  const keys = (Array.isArray(given) ? given : []).filter(
    (key): key is JWK => typeof key === 'object' && key !== null && isSupported(key as JWK),
  );
  if (keys.length === 0) {
    throw new Error(
      'file contains no supported keys (supported types are RSA, ECDSA, and ED25519)',
    );
  }
  const allowed = keys.flatMap(({ kty = '', alg = '' }) => {
    const all = byType[kty] ?? [];
    return all.includes(alg) ? [alg] : all;
  });
  return { jwks: { keys }, algorithms: [...new Set(allowed)] };
}
