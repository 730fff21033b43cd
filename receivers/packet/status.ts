import { networkInterfaces } from 'node:os';
import { protocolNames } from '../../agent/l7/registry.ts';
import type { StatusLine } from '../../agent/status.ts';
import { loadPacketAddon, PacketRing } from './ring.ts';

/** What the packet receiver can do on this machine now: a ring is opened for a moment. */
export function packetStatus(): StatusLine[] {
  const loaded = loadPacketAddon();
  const files = 'pcap and pcapng, also gzipped; needs nothing';
  const fault = loaded.addon === undefined ? loaded.why : tryOut(loaded.addon);
  const names = Object.keys(networkInterfaces()).join(', ');
  const live = `a ring can be opened on: ${names}; protocols: ${protocolNames.join(', ')}`;
  return [
    { name: 'capture files', on: true, detail: files },
    { name: 'live packets', on: fault === undefined, detail: fault ?? live },
  ];
}

type Addon = ConstructorParameters<typeof PacketRing>[0];

/** @returns why no packets can be captured; undefined = they can */
function tryOut(addon: Addon): string | undefined {
  // A filter of one instruction: return 0, take nothing.
  const nothing = new Uint8Array(new Uint16Array([6, 0, 0, 0]).buffer);
  const options = { interfaceName: 'any', namespace: '', bufferBytes: 0, ordinal: 0 };
  try {
    new PacketRing(addon, { ...options, filter: () => nothing }).close();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
