import { isIPv6 } from 'node:net';
import { z } from 'zod';

/** A host (name or address, '' = all interfaces) and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/**
 * Splits `host:port`, `[::1]:port` or `:port`.
 * @returns undefined when `text` is something else or the port is not 0 to 65535
 */
export function parseEndpoint(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([^\s:[\]/]*)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  if (port > 65535) return undefined;
  if (match[1] !== undefined && !isIPv6(match[1])) return undefined;
  return { host: match[1] ?? match[2] ?? '', port };
}

/** `host:port`, IPv6 addresses in brackets. */
export function formatEndpoint(endpoint: HostPort): string {
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return `${host}:${endpoint.port}`;
}

/** Whether only this machine can reach a listener on `host`. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** A listening or peer address `host:port`; decodes to the text, checked. */
export function endpoint() {
  return z.string().refine((text) => parseEndpoint(text) !== undefined, {
    error: (issue) => `expected "host:port", got ${JSON.stringify(issue.input)}`,
  });
}
