import { Finding, type Found, type Wanted } from '../found.ts';
import { at, textAt } from '../json.ts';
import { type Ask, fetchJson, type World } from '../world.ts';

interface ConsulOptions {
  readonly address: string;
  readonly datacenter: string;
  readonly token: string;
  readonly tokenFile: string;
  readonly namespace: string;
  readonly meta: Readonly<Record<string, unknown>>;
}

async function consulToken(world: World, options: ConsulOptions): Promise<string> {
  const path = options.tokenFile || world.env('CONSUL_HTTP_TOKEN_FILE') || '';
  if (path !== '') {
    const text = await world.readText(path);
    if (text === undefined) throw new Error(`cannot read token_file ${JSON.stringify(path)}`);
    if (text.trim() !== '') return text.trim();
  }
  return options.token || world.env('CONSUL_HTTP_TOKEN') || '';
}

function consulAddress(world: World, given: string): Pick<Ask, 'url' | 'socketPath'> {
  const address = given || world.env('CONSUL_HTTP_ADDR') || '127.0.0.1:8500';
  if (address.startsWith('unix://')) {
    return { url: 'http://consul', socketPath: address.slice('unix://'.length) };
  }
  if (/^https?:\/\//.test(address)) return { url: address.replace(/\/+$/, '') };
  const scheme = world.env('CONSUL_HTTP_SSL') === 'true' ? 'https' : 'http';
  return { url: `${scheme}://${address}` };
}

/** The node, as the Consul agent on it knows it. */
export async function consul(world: World, wanted: Wanted, options: ConsulOptions): Promise<Found> {
  const token = await consulToken(world, options);
  const { url, ...via } = consulAddress(world, options.address);
  const query = new URLSearchParams();
  if (options.datacenter !== '') query.set('dc', options.datacenter);
  const namespace = options.namespace || world.env('CONSUL_NAMESPACE') || '';
  if (namespace !== '') query.set('ns', namespace);
  const self = await fetchJson(world, {
    ...via,
    url: `${url}/v1/agent/self${query.size === 0 ? '' : `?${query}`}`,
    headers: token === '' ? {} : { 'x-consul-token': token },
  });
  const field = (name: string) => {
    const value = at(self, 'Config', name);
    if (typeof value === 'string') return value;
    throw new Error(`failed to get consul metadata: the agent names no ${name}`);
  };
  const finding = new Finding(wanted)
    .set('host.name', field('NodeName'))
    .set('cloud.region', field('Datacenter'))
    .set('host.id', field('NodeID'));
  const meta = at(self, 'Meta');
  for (const [key, value] of Object.entries((meta ?? {}) as Record<string, unknown>)) {
    if (Object.hasOwn(options.meta, key)) finding.add(key, String(value));
  }
  return finding.found();
}

function dockerDaemon(world: World): (path: string) => Ask {
  const host = world.env('DOCKER_HOST') || 'unix:///var/run/docker.sock';
  if (host.startsWith('unix://')) {
    const socketPath = host.slice('unix://'.length);
    return (path) => ({ url: `http://docker${path}`, socketPath });
  }
  if (!/^(tcp|http):\/\//.test(host) || (world.env('DOCKER_TLS_VERIFY') ?? '') !== '') {
    throw new Error(
      `cannot use DOCKER_HOST ${JSON.stringify(host)}: only unix:// and plain tcp://`,
    );
  }
  const base = host.replace(/^tcp:/, 'http:').replace(/\/+$/, '');
  return (path) => ({ url: base + path });
}

/** The Docker daemon of the host, and the container that the program runs in. */
export async function docker(world: World, wanted: Wanted): Promise<Found> {
  const ask = dockerDaemon(world);
  const failed = (what: string) => (cause: Error) => {
    throw new Error(`failed getting ${what}: ${cause.message}`, { cause });
  };
  const info = await fetchJson(world, ask('/info')).catch(failed('OS type'));
  const self = `/containers/${encodeURIComponent(world.machine.hostname())}/json`;
  const container = await fetchJson(world, ask(self)).catch(failed('container info'));
  return new Finding(wanted)
    .set('host.name', textAt(info, 'Name'))
    .set('os.type', textAt(info, 'OSType'))
    .set('container.name', textAt(container, 'Name'))
    .set('container.image.name', textAt(container, 'Image'))
    .found();
}
