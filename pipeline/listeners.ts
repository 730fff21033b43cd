import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { type AddressInfo, createServer, isIP, type Server, type Socket } from 'node:net';
import { addressKey } from '../component/address-key.ts';
import type { Attached, Holder, ListenAddress, Listeners } from '../component/settings.ts';

interface Held {
  readonly socket: Server;
  server: Server;
  holder: Holder;
  failed: (error: Error) => void;
}

/** All listening sockets, for components that tell who they are. */
export interface ProgramListeners extends Listeners {
  /** The same for one instance of a component. */
  of(holder: Holder): Listeners;
}

/** What listens for nobody in particular gives way to whoever comes. */
const anyone: Holder = { name: 'another server', leaving: true };

/** Listening sockets that go over from one server to the next. */
export function createListeners(): ProgramListeners {
  const held = new Map<string, Held>();
  const shared = new Map<string, unknown>();
  const listeners = (holder: Holder): Listeners => ({
    holder,
    shared,
    attach: (server, address, options, failed) =>
      attach(held, holder, server, address, options, failed),
  });
  return { ...listeners(anyone), of: listeners };
}

async function attach(
  held: Map<string, Held>,
  holder: Holder,
  server: Server,
  address: ListenAddress,
  options: Parameters<Listeners['attach']>[2],
  failed: (error: Error) => void,
): Promise<Attached> {
  const key = addressKey(address);
  const there = key === undefined ? undefined : held.get(key);
  const { allowHalfOpen, maxConnections } = options;
  if (there !== undefined) {
    if (there.server !== server && !there.holder.leaving) {
      throw new Error(`address already in use by ${there.holder.name}`);
    }
    Object.assign(there, { server, holder, failed });
    there.socket.maxConnections = maxConnections ?? Number.POSITIVE_INFINITY;
    return attached(held, key!, there, server);
  }
  const accept = (connection: Socket): void => {
    one.server.emit('connection', connection);
  };
  const one: Held = {
    socket: createServer({ allowHalfOpen, noDelay: true }, accept),
    server,
    holder,
    failed,
  };
  if (maxConnections !== undefined) one.socket.maxConnections = maxConnections;
  one.socket.listen(await resolved(address));
  await once(one.socket, 'listening');
  one.socket.on('error', (error) => one.failed(error));
  const name = key ?? `any ${held.size}`;
  if (key !== undefined) held.set(name, one);
  return attached(held, name, one, server);
}

/**
 * The address with its host's name looked up. Of several addresses one of IPv4 is taken, as Go
 * does: clients connect to 127.0.0.1 where `localhost` is ::1, too.
 */
async function resolved(address: ListenAddress): Promise<ListenAddress> {
  if ('path' in address || address.host === undefined || isIP(address.host) !== 0) return address;
  const family = address.ipv6Only === true ? 6 : 0;
  const found = await lookup(address.host, { family, order: 'ipv4first' });
  return { ...address, host: found.address };
}

function attached(held: Map<string, Held>, key: string, one: Held, server: Server): Attached {
  return {
    address: one.socket.address() as AddressInfo | string,
    detach() {
      if (one.server !== server) return true;
      held.delete(key);
      one.socket.close();
      return false;
    },
    passTo(holder) {
      if (one.server === server) one.holder = holder;
    },
  };
}
