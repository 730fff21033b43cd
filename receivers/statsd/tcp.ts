import { createServer, type Socket } from 'node:net';
import type { Settings } from '../../component/settings.ts';
import { listenAddress } from '../../config/groups/listen.ts';
import { TcpServer } from '../../config/groups/tcp.ts';
import { peerHost } from '../../wire/address/peer.ts';
import { maxLineBytes } from '../../wire/statsd/line-parser.ts';
import type { Aggregator } from './aggregator.ts';
import type { StatsdConfig } from './config.ts';
import type { StatsdServer } from './server.ts';

const newline = 0x0a;

/** Takes lines of connections. @throws Error when nothing can be listened on there */
export async function listenTcp(
  settings: Settings,
  config: StatsdConfig,
  aggregator: Aggregator,
): Promise<StatsdServer> {
  const server = createServer((socket) => {
    socket.on('error', (error) => {
      settings.logger.debug('Connection failed', { error: error.message });
    });
    readLines(socket, settings, aggregator);
  });
  const open = await TcpServer.open(server, listenAddress(config), settings);
  return {
    address: open.address,
    async close() {
      await open.stop(true);
      await open.close();
    },
  };
}

/** Hands whole lines on; what stands after the last line break is a line when the sender ends. */
function readLines(socket: Socket, settings: Settings, aggregator: Aggregator): void {
  const host = peerHost(socket);
  const name = host.includes(':') ? `[${host}]` : host;
  const port = String(socket.remotePort ?? 0);
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = data.lastIndexOf(newline) + 1;
    if (end > 0) aggregator.take(data, 0, end, name, port, true);
    rest = Buffer.from(data.subarray(end));
    if (rest.length <= maxLineBytes) return;
    settings.logger.warn('A line is too long, its connection is closed', { bytes: rest.length });
    rest = Buffer.alloc(0);
    socket.destroy();
  });
  socket.on('close', () => {
    if (rest.length > 0) aggregator.take(rest, 0, rest.length, name, port, true);
    rest = Buffer.alloc(0);
  });
}
