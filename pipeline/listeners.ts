import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Attached, ListenAddress, Listeners } from '../component/settings.ts';

interface Held {
  readonly socket: Server;
  server: Server;
  failed: (error: Error) => void;
}

/** Listening sockets that go over from one server to the next. */
export function createListeners(): Listeners {
  const held = new Map<string, Held>();

  function attached(key: string, one: Held, server: Server): Attached {
    return {
      address: one.socket.address() as AddressInfo | string,
      detach() {
        if (one.server !== server) return true;
        held.delete(key);
        one.socket.close();
        return false;
      },
    };
  }

  return {
    async attach(server, address, options, failed) {
      const key = keyOf(address);
      const there = key === undefined ? undefined : held.get(key);
      if (there !== undefined) {
        there.server = server;
        there.failed = failed;
        there.socket.maxConnections = options.maxConnections ?? Number.POSITIVE_INFINITY;
        return attached(key!, there, server);
      }
      const { allowHalfOpen, maxConnections } = options;
      const accept = (connection: Socket): void => {
        one.server.emit('connection', connection);
      };
      const one: Held = {
        socket: createServer({ allowHalfOpen, noDelay: true }, accept),
        server,
        failed,
      };
      if (maxConnections !== undefined) one.socket.maxConnections = maxConnections;
      one.socket.listen(address);
      await once(one.socket, 'listening');
      one.socket.on('error', (error) => one.failed(error));
      const name = key ?? `any ${held.size}`;
      if (key !== undefined) held.set(name, one);
      return attached(name, one, server);
    },
  };
}

/** undefined for a port that the system chooses: each of these is another one. */
function keyOf(address: ListenAddress): string | undefined {
  if ('path' in address) return address.path;
  return address.port === 0 ? undefined : `${address.host ?? ''}:${address.port}`;
}
