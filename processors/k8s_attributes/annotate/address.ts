import { isIPv4 } from 'node:net';

/** The IP address of `host:port`; an IPv4 address in IPv6 is as if it were not. */
export function ipOf(address: string): string {
  const bracketed = /^\[([^\]]*)\]/.exec(address);
  const colon = address.lastIndexOf(':');
  const isBare = colon < 0 || address.indexOf(':') !== colon;
  const host = bracketed?.[1] ?? (isBare ? address : address.slice(0, colon));
  const mapped = host.startsWith('::ffff:') ? host.slice(7) : '';
  return isIPv4(mapped) ? mapped : host;
}
