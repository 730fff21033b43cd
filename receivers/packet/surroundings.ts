import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import type { FilterNode } from '../../agent/filter/parse.ts';
import type { Ends, Vantage } from '../../agent/session/conversation.ts';
import type { Naming } from '../../agent/tags/create.ts';
import { hostFiles } from '../../agent/tags/files.ts';
import { hostPaths, readHost } from '../../agent/tags/host.ts';
import { parseSockets } from '../../agent/tags/sockets.ts';
import type { ObservationPoint } from '../../wire/observation/points.ts';
import type { CaptureSurroundings } from './capture.ts';
import type { PacketAddon } from './ring.ts';

/** A namespace that is captured in; rings of it have ordinals from `first` to before `end`. */
export interface Place {
  /** Path of the namespace's file; '' = the program's own. */
  readonly path: string;
  readonly first: number;
  readonly end: number;
}

interface Known {
  readonly place: Place;
  addresses: ReadonlySet<string>;
  readonly inode: number;
}

/** Ordinal of a ring and the interface's index share a number, see PacketRing. */
const ORDINAL_SHIFT = 12;

/** Own connections that the kernel leaves out; others are left out of what is written. */
const MOST_FILTERED = 16;
const MOST_SOCKETS = 65_536;
/** Looks that an own connection is remembered after it has gone. */
const REMEMBERED = 30;

/**
 * What the machine tells of the flows that are captured on it: which addresses are its own, so that
 * a flow's place is known, and which connections are those of this program.
 */
export class Surroundings implements CaptureSurroundings {
  readonly host: Readonly<Record<string, string>>;
  readonly naming: Naming | undefined;
  private readonly addon: PacketAddon;
  private readonly places: readonly Known[];
  private readonly excludeOwn: boolean;
  /** Own connections, as `address port address port` both ways, and when they were last there. */
  private readonly own = new Map<string, number>();
  private looks = 0;

  constructor(
    addon: PacketAddon,
    places: readonly Place[],
    excludeOwn: boolean,
    naming: Naming | undefined,
  ) {
    this.naming = naming;
    this.addon = addon;
    this.excludeOwn = excludeOwn;
    this.places = places.map((place) => ({
      place,
      addresses: new Set<string>(),
      inode: inodeOf(place.path === '' ? '/proc/self/ns/net' : place.path),
    }));
    const { id, name } = readHost(hostFiles, hostPaths);
    this.host = { 'host.id': id, 'host.name': name };
  }

  /**
   * Looks again. Addresses and connections come and go: to be called every few seconds.
   * @returns the connections of this program that the kernel is to leave out
   */
  refresh(): FilterNode | undefined {
    this.naming?.names.tick();
    for (const known of this.places) {
      try {
        known.addresses = new Set(this.addon.addresses(known.place.path));
      } catch {
        // The namespace has gone: its addresses are what they were.
      }
    }
    return this.excludeOwn ? this.refreshOwn() : undefined;
  }

  vantageOf(ends: Ends): Vantage | undefined {
    const ordinal = ends.interfaceId >>> ORDINAL_SHIFT;
    const known = this.places.find(({ place }) => ordinal >= place.first && ordinal < place.end);
    if (known === undefined) return undefined;
    const { addresses, inode } = known;
    const client = addresses.has(ends.clientAddress);
    const server = addresses.has(ends.serverAddress);
    let point: ObservationPoint = 'rest';
    if (client) point = server ? 'local' : 'client_nic';
    else if (server) point = 'server_nic';
    return { point, networkNamespace: inode, pid: 0, command: '' };
  }

  isOwn(ends: Ends): boolean {
    if (this.own.size === 0) return false;
    const { clientAddress, clientPort, serverAddress, serverPort } = ends;
    return this.own.has(`${clientAddress} ${clientPort} ${serverAddress} ${serverPort}`);
  }

  private refreshOwn(): FilterNode | undefined {
    this.looks++;
    const terms: FilterNode[] = [];
    const inodes = ownSockets();
    for (const file of inodes.size === 0 ? [] : ['tcp', 'tcp6', 'udp', 'udp6']) {
      const transport = file.startsWith('tcp') ? 'tcp' : 'udp';
      const text = readFileSync(`/proc/self/net/${file}`, 'utf8');
      for (const s of parseSockets(text, transport, MOST_SOCKETS)) {
        if (!inodes.has(s.inode) || s.listening || s.remotePort === 0) continue;
        const here = `${s.localAddress} ${s.localPort}`;
        const there = `${s.remoteAddress} ${s.remotePort}`;
        this.own.set(`${here} ${there}`, this.looks);
        this.own.set(`${there} ${here}`, this.looks);
        if (terms.length < MOST_FILTERED) terms.push(connectionTerm(s));
      }
    }
    for (const [key, seen] of this.own) if (this.looks - seen > REMEMBERED) this.own.delete(key);
    if (terms.length === 0) return undefined;
    return { kind: 'not', term: { kind: 'or', terms } };
  }
}

/** Either direction of one connection. The local port comes first: it tells most apart. */
function connectionTerm(s: { localPort: number; remotePort: number }): FilterNode {
  const port = (n: number): FilterNode => ({ kind: 'ports', end: 'either', from: n, to: n });
  return { kind: 'and', terms: [port(s.localPort), port(s.remotePort)] };
}

/** Inodes of the sockets that this process has open. */
function ownSockets(): Set<number> {
  const inodes = new Set<number>();
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
      if (inode !== undefined) inodes.add(Number(inode));
    } catch {
      // Closed in the meantime.
    }
  }
  return inodes;
}

function inodeOf(path: string): number {
  try {
    return statSync(path).ino;
  } catch {
    return 0;
  }
}
