import { BlockList, isIP } from 'node:net';

/** Environment variables. */
export type Env = Readonly<Record<string, string | undefined>>;

function variable(env: Env, name: string): string {
  return env[name] || env[name.toLowerCase()] || '';
}

/**
 * The proxy for a URL by HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in either case, with the rules of
 * Go's net/http (https://pkg.go.dev/golang.org/x/net/http/httpproxy): never for localhost and
 * loopback addresses; NO_PROXY lists hosts with their subdomains (`.a.b` only these, `*.a.b` too),
 * addresses and CIDR ranges, each with an optional port, or is `*`.
 * @returns the proxy's URL, undefined for none
 * @throws Error when the variable holds none
 */
export function proxyFor(target: string, env: Env): string | undefined {
  const url = new URL(target);
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const given = variable(env, name);
  // In CGI programs HTTP_PROXY comes from a request's header.
  if (given === '' || (name === 'HTTP_PROXY' && env.REQUEST_METHOD)) return undefined;
  if (!usesProxy(url, variable(env, 'NO_PROXY'))) return undefined;
  const text = /^[a-z0-9]+:\/\//i.test(given) ? given : `http://${given}`;
  if (URL.canParse(text)) return text;
  throw new Error(`cannot use proxy: ${name} is no URL: ${JSON.stringify(given)}`);
}

function usesProxy(url: URL, noProxy: string): boolean {
  const host = url.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost' || /^127\./.test(host) || host === '::1') return false;
  for (const raw of noProxy.split(',')) {
    const entry = raw.trim().toLowerCase();
    if (entry === '') continue;
    if (entry === '*' || matches(entry, host, port)) return false;
  }
  return true;
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry.includes('/')) return inRange(entry, host);
  const split = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry);
  const name = split === null ? entry : (split[1] ?? split[2] ?? '');
  const only = split?.[3];
  if (only !== undefined && only !== port) return false;
  if (isIP(name)) return name === host;
  const bare = name.replace(/^\*/, '');
  if (bare.startsWith('.')) return host.endsWith(bare);
  return bare !== '' && (host === bare || host.endsWith(`.${bare}`));
}

function inRange(entry: string, host: string): boolean {
  const [network = '', bits = ''] = entry.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
