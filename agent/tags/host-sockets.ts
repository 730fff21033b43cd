import type { HostFiles } from './files.ts';
import { NamespaceSockets, type SocketOwner } from './namespace-sockets.ts';
import { readNetworkNamespace } from './read-process.ts';
import { isLoopbackText } from './sockets.ts';

/** A local end and, where it is known, its peer. */
export interface SocketEnds {
  readonly transport: 'tcp' | 'udp';
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  /** -1 = not known. */
  readonly remotePort: number;
}

/** Between two looks at the same, ns. */
const PAUSE = 1e9;
/** Looks may take this part of the time in the long run, and so many ns at once. */
const SHARE = 1 / 20;
const BURST = 5e8;
const MAX_NAMESPACES = 4096;

/**
 * Finds processes by their sockets in all network namespaces that have a process. Looks are made
 * when somebody asks for what is not known, and so seldom that they take a twentieth of a CPU.
 */
export class HostSockets {
  readonly #files: HostFiles;
  readonly #proc: string;
  /** Monotonic nanoseconds, to measure how long a look takes. */
  readonly #elapsed: () => number;
  #namespaces = new Map<number, NamespaceSockets>();
  /** Those that have an address; loopback addresses are everywhere. */
  #byAddress = new Map<string, NamespaceSockets[]>();
  #nextDiscovery = Number.NEGATIVE_INFINITY;
  readonly #nextLook = new Map<number, number>();
  /** Time that looks may take now, ns, and when it was counted. */
  #credit = BURST;
  #creditAt = Number.NaN;

  constructor(files: HostFiles, proc: string, elapsedNanos: () => number) {
    this.#files = files;
    this.#proc = proc;
    this.#elapsed = elapsedNanos;
  }

  /** Network namespaces that are known. */
  get size(): number {
    return this.#namespaces.size;
  }

  /**
   * The process that had a socket at a time.
   * @param now Unix nanoseconds
   */
  owner(
    namespace: number | undefined,
    ends: SocketEnds,
    unixNanos: number,
    now: number,
  ): SocketOwner | undefined {
    const found = this.#find(namespace, ends, unixNanos);
    // A listener is a guess while the connection itself has not been looked for.
    if (found !== undefined && (!found.listening || ends.remotePort === -1)) return found;
    if (!this.#look(namespace, ends.localAddress, now)) return found;
    return this.#find(namespace, ends, unixNanos);
  }

  #find(
    namespace: number | undefined,
    ends: SocketEnds,
    unixNanos: number,
  ): SocketOwner | undefined {
    const { transport, localAddress, localPort } = ends;
    const candidates = this.#candidates(namespace, localAddress);
    const connections =
      ends.remotePort === -1
        ? []
        : candidates.map((candidate) => candidate.connection(transport, ends, unixNanos));
    const connection = only(connections);
    if (connection !== undefined) return connection;
    if (connections.some((owner) => owner !== undefined)) return undefined;
    return only(candidates.map((c) => c.listener(transport, localAddress, localPort)));
  }

  /** Where an address may be: in the namespace itself, else in all that have it. */
  #candidates(namespace: number | undefined, address: string): readonly NamespaceSockets[] {
    const own = namespace === undefined ? undefined : this.#namespaces.get(namespace);
    if (own?.has(address)) return [own];
    if (!isLoopbackText(address)) return this.#byAddress.get(address) ?? [];
    return namespace === undefined ? [...this.#namespaces.values()] : [];
  }

  #look(namespace: number | undefined, address: string, now: number): boolean {
    let looked = this.#discover(now);
    for (const candidate of this.#candidates(namespace, address)) {
      const next = this.#nextLook.get(candidate.inode) ?? Number.NEGATIVE_INFINITY;
      if (now < next || !this.#affordable(now)) continue;
      const began = this.#elapsed();
      candidate.read(this.#files, this.#proc, now);
      this.#credit -= this.#elapsed() - began;
      this.#nextLook.set(candidate.inode, now + PAUSE);
      looked = true;
    }
    return looked;
  }

  #affordable(now: number): boolean {
    const passed = Math.max(0, now - this.#creditAt) || 0;
    this.#credit = Math.min(BURST, this.#credit + passed * SHARE);
    this.#creditAt = now;
    return this.#credit > 0;
  }

  /** Finds the network namespaces, their processes and addresses. */
  #discover(now: number): boolean {
    if (now < this.#nextDiscovery || !this.#affordable(now)) return false;
    const began = this.#elapsed();
    const pids = new Map<number, number[]>();
    for (const name of this.#files.names(this.#proc)) {
      const pid = Number(name);
      if (!Number.isInteger(pid) || pid <= 0) continue;
      const inode = readNetworkNamespace(this.#files, this.#proc, pid);
      if (inode === 0) continue;
      const list = pids.get(inode);
      if (list !== undefined) list.push(pid);
      else if (pids.size < MAX_NAMESPACES) pids.set(inode, [pid]);
    }
    const before = this.#namespaces;
    this.#namespaces = new Map();
    this.#byAddress = new Map();
    for (const [inode, list] of pids) {
      const namespace = before.get(inode) ?? new NamespaceSockets(inode);
      namespace.pids = list;
      namespace.readAddresses(this.#files, this.#proc);
      this.#namespaces.set(inode, namespace);
      for (const address of namespace.addresses) {
        const others = this.#byAddress.get(address);
        if (others === undefined) this.#byAddress.set(address, [namespace]);
        else others.push(namespace);
      }
    }
    for (const inode of this.#nextLook.keys()) {
      if (!this.#namespaces.has(inode)) this.#nextLook.delete(inode);
    }
    this.#credit -= this.#elapsed() - began;
    this.#nextDiscovery = now + PAUSE;
    return true;
  }
}

/** The only one that is there; undefined also when they are of several processes. */
function only(owners: readonly (SocketOwner | undefined)[]): SocketOwner | undefined {
  let found: SocketOwner | undefined;
  for (const owner of owners) {
    if (owner === undefined) continue;
    if (found !== undefined && found.pid !== owner.pid) return undefined;
    found = owner;
  }
  return found;
}
