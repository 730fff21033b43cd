import { z } from 'zod';
import { isLoopback, parseEndpoint } from '../schema/index.ts';

/** The key of servers that browsers read, on loopback by default: {@link hostCheck} takes it. */
export const hostCheckKeys = {
  allowed_hosts: z
    .array(z.string())
    .default([])
    .describe('Further Host names that are answered while listening on loopback.'),
};

/**
 * Judges the Host header of a request.
 * @returns what is wrong with it, one line to be told with status 403; undefined where it may pass
 */
export type HostCheck = (host: string | undefined) => string | undefined;

/**
 * Keeps pages of other sites from reading a server that only this machine can reach: their names
 * may be made to resolve to it (DNS rebinding), their requests then carry those names as Host.
 * While `endpoint` is on loopback only localhost, 127.0.0.1, [::1], the host of `endpoint` and
 * `allowedHosts` pass, with any port or none and in any case of letters; elsewhere everything does.
 * @param endpoint `host:port` that the server listens on; something else, a path, is not checked
 * @param allowedHosts further host names, without ports
 */
export function hostCheck(endpoint: string, allowedHosts: readonly string[]): HostCheck {
  const host = parseEndpoint(endpoint)?.host;
  if (host === undefined || !isLoopback(host)) return () => undefined;
  const own = host.includes(':') ? `[${host}]` : host;
  const all = ['localhost', '127.0.0.1', '[::1]', own, ...allowedHosts];
  const allowed = new Set(all.map((name) => name.toLowerCase()));
  return (header = '') => {
    const name = header.replace(/:\d+$/, '').toLowerCase();
    if (allowed.has(name)) return undefined;
    return `cannot answer for host ${JSON.stringify(name)}: not one of this server's`;
  };
}
