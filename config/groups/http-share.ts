import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addressKey } from '../../component/address-key.ts';
import type { Holder, ListenAddress, Settings } from '../../component/settings.ts';
import { sameConfig } from '../schema/same.ts';
import { HttpRun } from './http-run.ts';
import { type HttpServerConfig, maxBodyBytes } from './http-server.ts';
import { listenAddress } from './listen.ts';

type Needed = Pick<Settings, 'clock' | 'logger' | 'host'>;
type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** A running listener. */
export interface Listener {
  readonly address: AddressInfo | string;
  /** Takes no more requests, waits for those that are open, at most `drainMs`. */
  close(drainMs: number): Promise<void>;
}

/** What a component serves at its address, so that others can serve other paths there. */
export interface ServedPaths {
  readonly paths: readonly string[];
  /** Whether it also takes paths that nobody at the address has. */
  readonly rest?: boolean;
}

/** A component behind a server. */
interface Tenant {
  readonly holder: Holder;
  readonly config: HttpServerConfig;
  readonly served: ServedPaths | undefined;
  readonly handle: Handle;
  /** Requests that are not answered in full. */
  open: number;
}

/** A server and the components behind it. */
class SharedServer {
  run: HttpRun | undefined;
  tenants: readonly Tenant[] = [];
  /** Its last component is leaving: nobody joins it. */
  ending = false;
  #routes = new Map<string, Tenant>();
  /** Who takes paths that nobody has. */
  rest: Tenant | undefined;

  /** Of two instances of one component the newer one gets the requests. */
  set(tenants: readonly Tenant[]): void {
    this.tenants = tenants;
    this.#routes = new Map();
    for (const tenant of tenants) {
      for (const path of tenant.served?.paths ?? []) this.#routes.set(path, tenant);
    }
    this.rest = tenants.findLast(({ served }) => served?.rest === true);
  }

  /** Who has a path. */
  at(path: string): Tenant | undefined {
    return this.#routes.get(path);
  }

  /** @returns whether it was the last one, and the server has ended */
  async leave(tenant: Tenant, drainMs: number, clock: Settings['clock']): Promise<boolean> {
    const others = this.tenants.filter((one) => one !== tenant);
    if (others.length === 0) {
      this.ending = true;
      await this.run?.end(drainMs);
      return true;
    }
    this.set(others);
    const heir = others.find(({ holder }) => !holder.leaving) ?? others[0]!;
    this.run?.attached?.passTo(heir.holder);
    const until = clock.monotonicMs() + drainMs;
    while (tenant.open > 0 && clock.monotonicMs() < until) {
      await new Promise<void>((resolve) => {
        clock.after(20, resolve);
      });
    }
    return false;
  }
}

/** The servers at one address: one, and those that it took the place of while they end. */
class Site {
  /** The one that gets new connections is the first. */
  servers: readonly SharedServer[] = [];

  /** The server of components that stay. */
  get occupied(): SharedServer | undefined {
    const stays = ({ holder }: Tenant): boolean => !holder.leaving;
    return this.servers.find(({ ending, tenants }) => !ending && tenants.some(stays));
  }

  /** The server gets the connections from now on. */
  async attach(
    server: SharedServer,
    address: ListenAddress,
    listeners: Settings['host']['listeners'],
  ): Promise<void> {
    await server.run!.attach(address, listeners);
    this.servers = [server, ...this.servers.filter((one) => one !== server)];
  }

  remove(server: SharedServer): void {
    this.servers = this.servers.filter((one) => one !== server);
  }

  /**
   * Whichever server a request comes to, it goes to the newest component that serves its path:
   * while all are being replaced, some are behind the new server and some behind the old one.
   */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const tenant = this.#choose(request);
    if (tenant === undefined) {
      response.destroy();
      return;
    }
    tenant.open += 1;
    response.on('close', () => {
      tenant.open -= 1;
    });
    tenant.handle(request, response);
  }

  #choose(request: IncomingMessage): Tenant | undefined {
    const [first, second] = this.servers;
    if (first === undefined) return undefined;
    const any = first.tenants.at(-1);
    if (second === undefined && first.tenants.length === 1) return any;
    const path = (request.url ?? '/').split('?', 1)[0]!;
    for (const server of this.servers) {
      const tenant = server.at(path);
      if (tenant !== undefined) return tenant;
    }
    return this.servers.find(({ rest }) => rest !== undefined)?.rest ?? any;
  }
}

/** Keys that are the server's, not a component's own. */
const commonKeys = [
  'tls',
  'auth',
  'cors',
  'middlewares',
  'read_timeout',
  'read_header_timeout',
  'idle_timeout',
  'keep_alives_enabled',
] as const;

/** A key of the server that two components want to be different. */
function differingKey(a: HttpServerConfig, b: HttpServerConfig): string | undefined {
  const key = commonKeys.find((name) => !sameConfig(a[name], b[name]));
  if (key !== undefined) return key;
  return maxBodyBytes(a) === maxBodyBytes(b) ? undefined : 'max_request_body_size';
}

/** @throws Error when two components cannot be behind one server */
function checkTogether(newcomer: Tenant, { holder, config, served }: Tenant): void {
  const { name } = holder;
  if (newcomer.holder === holder || newcomer.served === undefined || served === undefined) {
    throw new Error(`address already in use by ${name}`);
  }
  const key = differingKey(newcomer.config, config);
  if (key !== undefined) {
    throw new Error(`address shared with ${name}, which has another ${key}: both need the same`);
  }
  const both = newcomer.served.paths.find((path) => served.paths.includes(path));
  if (both !== undefined) throw new Error(`path ${both} is already served there by ${name}`);
  if (newcomer.served.rest === true && served.rest === true) {
    throw new Error(`all other paths are already served there by ${name}`);
  }
}

function siteAt(shared: Map<string, unknown>, key: string): Site {
  const known = shared.get(key);
  if (known instanceof Site) return known;
  const site = new Site();
  shared.set(key, site);
  return site;
}

/**
 * Puts a component behind the server at its address: behind that of the components which are there
 * and stay, else behind a server of its own.
 * @param served undefined = it shares with nobody
 * @throws Error that names the component which is in its way, or says why it cannot listen
 */
export async function openShared(
  config: HttpServerConfig,
  settings: Needed,
  handle: Handle,
  served: ServedPaths | undefined,
): Promise<Listener> {
  const address = listenAddress(config);
  const { listeners } = settings.host;
  const key = addressKey(address);
  const site = key === undefined ? new Site() : siteAt(listeners.shared, key);
  const tenant: Tenant = { holder: listeners.holder, config, served, handle, open: 0 };
  const server = await enter(site, tenant, address, settings);
  const attached = server.run!.attached!;
  return {
    address: attached.address,
    close: async (drainMs) => {
      const leaving = server.leave(tenant, drainMs, settings.clock);
      if (!(await leaving)) return;
      site.remove(server);
      if (site.servers.length > 0 || key === undefined) return;
      if (listeners.shared.get(key) === site) listeners.shared.delete(key);
    },
  };
}

async function enter(
  site: Site,
  tenant: Tenant,
  address: ListenAddress,
  settings: Needed,
): Promise<SharedServer> {
  const { listeners } = settings.host;
  const there = site.occupied;
  if (there !== undefined) {
    for (const other of there.tenants) if (!other.holder.leaving) checkTogether(tenant, other);
    // Another server may have had the connections meanwhile, for a change that was taken back.
    await site.attach(there, address, listeners);
    there.set([...there.tenants, tenant]);
    return there;
  }
  const server = new SharedServer();
  server.run = await HttpRun.make(tenant.config, settings, (request, response) =>
    site.handle(request, response),
  );
  server.set([tenant]);
  await site.attach(server, address, listeners);
  return server;
}
