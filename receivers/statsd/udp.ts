import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { Settings } from '../../component/settings.ts';
import { parseEndpoint } from '../../config/schema/index.ts';
import type { Aggregator } from './aggregator.ts';
import type { StatsdConfig } from './config.ts';
import type { StatsdServer } from './server.ts';

/** Packets that came while others were read wait in the socket; so many bytes fit in. */
const receiveBytes = 4 << 20;

/** Takes lines in packets. @throws Error when nothing can be bound there */
export async function listenUdp(
  settings: Settings,
  config: StatsdConfig,
  aggregator: Aggregator,
): Promise<StatsdServer> {
  const parsed = parseEndpoint(config.endpoint);
  if (parsed === undefined) throw new Error('expected "host:port"');
  const address = await addressOf(parsed.host, config.transport);
  const type = isIPv6(address) ? 'udp6' : 'udp4';
  const socket = createSocket({
    type,
    recvBufferSize: receiveBytes,
    ipv6Only: config.transport === 'udp6',
  });
  await bound(socket, address, parsed.port);
  socket.on('error', (error) => settings.host.fatal(error));
  socket.on('message', (data, from) => take(aggregator, data, from));
  return {
    address: socket.address(),
    close: () => new Promise((resolve) => void socket.close(() => resolve())),
  };
}

function take(aggregator: Aggregator, data: Buffer, { address, port }: RemoteInfo): void {
  const plain = address.replace(/^::ffff:/, '');
  const host = plain.includes(':') ? `[${plain}]` : plain;
  aggregator.take(data, 0, data.length, host, String(port), false);
}

async function addressOf(host: string, transport: string): Promise<string> {
  const family = transport === 'udp4' ? 4 : transport === 'udp6' ? 6 : 0;
  if (host === '') return family === 4 ? '0.0.0.0' : '::';
  return (await lookup(host, { family })).address;
}

function bound(socket: Socket, address: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address, port }, () => {
      socket.off('error', reject);
      resolve(socket.address());
    });
  });
}
