import type { RemoteInfo } from 'node:dgram';
import type { Settings } from '../../component/settings.ts';
import { openUdp } from '../../config/groups/udp.ts';
import { parseEndpoint } from '../../config/schema/index.ts';
import { plainHost } from '../../wire/address/peer.ts';
import type { Aggregator } from './aggregator.ts';
import type { StatsdConfig } from './config.ts';
import type { StatsdServer } from './server.ts';

/** Packets that came while others were read wait in the socket; so many bytes fit in. */
const receiveBytes = 4 << 20;

/** Takes lines in packets. @throws Error when nothing can be bound there */
export async function listenUdp(
  settings: Settings,
  { endpoint, transport }: StatsdConfig,
  aggregator: Aggregator,
): Promise<StatsdServer> {
  const parsed = parseEndpoint(endpoint);
  if (parsed === undefined) throw new Error('expected "host:port"');
  return openUdp(settings.host, parsed, { transport, receiveBytes }, (data, from) =>
    take(aggregator, data, from),
  );
}

function take(aggregator: Aggregator, data: Buffer, { address, port }: RemoteInfo): void {
  const plain = plainHost(address);
  const host = plain.includes(':') ? `[${plain}]` : plain;
  aggregator.take(data, 0, data.length, host, String(port), false);
}
