import dns from 'node:dns/promises';
import type { ReadText } from './machine.ts';

const validName = /^[\u0080-\u{10ffff}.a-zA-Z0-9-]{0,254}$/u;

/** The first name of the line of a hosts file that has `host`; undefined = none has. */
export function nameInHosts(text: string, host: string): string | undefined {
  for (const line of text.split('\n')) {
    const [, canonical = '', ...aliases] = line
      .replace(/#.*/, '')
      .split(/[ \t\r]+/)
      .filter((word) => word !== '');
    if (canonical === '' || !validName.test(canonical)) continue;
    if (canonical === host || aliases.includes(host)) return canonical;
  }
  return undefined;
}

const withoutDot = (name: string): string => name.replace(/\.+$/, '');

async function searchList(read: ReadText): Promise<readonly string[]> {
  const text = (await read('/etc/resolv.conf').catch(() => undefined)) ?? '';
  const line = text.split('\n').findLast((one) => /^(search|domain)\s/.test(one)) ?? '';
  return line
    .split(/\s+/)
    .slice(1)
    .filter((domain) => domain !== '' && domain !== '.');
}

async function hasAddress(name: string): Promise<boolean> {
  const found = await Promise.any([dns.resolve4(name), dns.resolve6(name)]).catch(() => []);
  return found.length > 0;
}

/**
 * The name that DNS has for `host`, itself or in a domain that is searched.
 * @throws Error when DNS knows none
 */
export async function canonicalName(host: string, read: ReadText): Promise<string> {
  const inDomains = (await searchList(read)).map((domain) => `${host}.${domain}`);
  for (const name of host.includes('.') ? [host, ...inDomains] : [...inDomains, host]) {
    const aliases = await dns.resolveCname(name).catch(() => []);
    if (aliases[0] !== undefined) return withoutDot(aliases[0]);
    if (await hasAddress(name)) return withoutDot(name);
  }
  throw new Error(`cannot look up ${host}: no such host`);
}

/** The name that DNS has for an address of `host`. @throws Error when there is none */
export async function reverseName(host: string): Promise<string> {
  const addresses = await dns.lookup(host, { all: true });
  for (const { address } of addresses) {
    const names = await dns.reverse(address).catch(() => []);
    if (names[0] !== undefined) return withoutDot(names[0]);
  }
  throw new Error(`cannot look up the name of an address of ${host}`);
}

/** The fully qualified name of `host`, as `hostname -f` has it. @throws Error when there is none */
export async function qualifiedName(host: string, read: ReadText): Promise<string> {
  const hosts = (await read('/etc/hosts').catch(() => undefined)) ?? '';
  const name = nameInHosts(hosts, host);
  if (name !== undefined) return name;
  return canonicalName(host, read).catch(() => reverseName(host));
}
