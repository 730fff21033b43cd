import type { ListenAddress } from './settings.ts';

/**
 * What tells one address from another; undefined for a port that the system chooses: each of these
 * is another one.
 */
export function addressKey(address: ListenAddress): string | undefined {
  if ('path' in address) return address.path;
  return address.port === 0 ? undefined : `${address.host ?? ''}:${address.port}`;
}
