import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { Holder, Host } from '../../component/settings.ts';
import type { HostPort } from '../schema/index.ts';

interface UdpOptions {
  /** `udp4` and `udp6` bind addresses of their family only; anything else what the host has. */
  readonly transport?: string;
  /** Bytes of packets that the system holds for the socket; 0 = its own number. */
  readonly receiveBytes?: number;
}

/** Takes a packet. */
export type TakePacket = (data: Buffer, from: RemoteInfo) => void;

/** A bound UDP socket of the program, whose packets one component gets. */
export interface UdpPort {
  readonly address: AddressInfo;
  send(data: Uint8Array, port: number, address: string): void;
  /** No more packets are given; settles when the socket is closed or has gone over to another. */
  close(): Promise<void>;
}

/** A socket and who gets its packets. */
class Bound {
  readonly socket: Socket;
  take: TakePacket;
  holder: Holder;
  failed: (error: Error) => void;

  constructor(socket: Socket, take: TakePacket, holder: Holder, failed: (error: Error) => void) {
    this.socket = socket;
    this.take = take;
    this.holder = holder;
    this.failed = failed;
    socket.on('message', (data, from) => this.take(data, from));
    socket.on('error', (error) => this.failed(error));
  }
}

const families: Readonly<Record<string, 4 | 6>> = { udp4: 4, udp6: 6 };

/**
 * Takes packets at an address; an empty host stands for every interface. Of several addresses of a
 * name one of IPv4 is taken, as Go does: clients send to 127.0.0.1 where `localhost` is ::1, too.
 * The socket belongs to the program: where one is whose component is leaving, it goes over with the
 * packets that wait in it.
 * @param program hears of a socket that dies later
 * @throws Error that says why it cannot be bound, or names the component that is bound there
 */
export async function openUdp(
  program: Pick<Host, 'listeners' | 'fatal'>,
  at: HostPort,
  options: UdpOptions,
  take: TakePacket,
): Promise<UdpPort> {
  const { shared, holder } = program.listeners;
  const failed = (error: Error): void => program.fatal(error);
  const key = `udp ${options.transport ?? 'udp'} ${at.host}:${at.port}`;
  const there = shared.get(key);
  if (there instanceof Bound) {
    if (!there.holder.leaving) throw new Error(`address already in use by ${there.holder.name}`);
    Object.assign(there, { take, holder, failed });
    const { receiveBytes = 0 } = options;
    if (receiveBytes > 0) there.socket.setRecvBufferSize(receiveBytes);
    return portOf(shared, key, there, take);
  }
  const bound = new Bound(await bind(at, options), take, holder, failed);
  if (at.port !== 0) shared.set(key, bound);
  return portOf(shared, key, bound, take);
}

function portOf(
  shared: Map<string, unknown>,
  key: string,
  bound: Bound,
  take: TakePacket,
): UdpPort {
  const { socket } = bound;
  return {
    address: socket.address(),
    send(data, port, address) {
      // A packet may come from port 0, to which nothing can be sent.
      if (port !== 0) socket.send(data, port, address);
    },
    close() {
      if (bound.take !== take) return Promise.resolve();
      if (shared.get(key) === bound) shared.delete(key);
      return new Promise((resolve) => void socket.close(() => resolve()));
    },
  };
}

/** @throws Error that says why it cannot be bound; nothing is left open then */
async function bind(
  { host, port }: HostPort,
  { transport = 'udp', receiveBytes = 0 }: UdpOptions,
): Promise<Socket> {
  const address = await addressOf(host, families[transport] ?? 0);
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    ipv6Only: transport === 'udp6',
    ...(receiveBytes > 0 ? { recvBufferSize: receiveBytes } : {}),
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port }, () => {
        socket.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}

async function addressOf(host: string, family: 0 | 4 | 6): Promise<string> {
  if (host === '') return family === 4 ? '0.0.0.0' : '::';
  return (await lookup(host, { family, order: 'ipv4first' })).address;
}
