import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import type { HostPort } from '../schema/index.ts';

export interface UdpOptions {
  /** `udp4` and `udp6` bind addresses of their family only; anything else what the host has. */
  readonly transport?: string;
  /** Bytes of packets that the system holds for the socket; 0 = its own number. */
  readonly receiveBytes?: number;
}

const families: Readonly<Record<string, 4 | 6>> = { udp4: 4, udp6: 6 };

/**
 * Binds a UDP socket; an empty host stands for every interface. Of several addresses of a name one
 * of IPv4 is taken, as Go does: clients send to 127.0.0.1 where `localhost` is ::1, too.
 * @param fatal gets an error of the bound socket
 * @throws Error that says why it cannot be bound; nothing is left open then
 */
export async function bindUdp(
  { host, port }: HostPort,
  { transport = 'udp', receiveBytes = 0 }: UdpOptions,
  fatal: (error: Error) => void,
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
  socket.on('error', fatal);
  return socket;
}

async function addressOf(host: string, family: 0 | 4 | 6): Promise<string> {
  if (host === '') return family === 4 ? '0.0.0.0' : '::';
  return (await lookup(host, { family, order: 'ipv4first' })).address;
}

/** Closes a socket; settles when it is closed. */
export function closeUdp(socket: Socket | undefined): Promise<void> {
  if (socket === undefined) return Promise.resolve();
  return new Promise((resolve) => void socket.close(() => resolve()));
}
