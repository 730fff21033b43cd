import type { HostFiles } from './files.ts';
import { readAddresses } from './host.ts';
import { isLoopbackText, parseSockets, type Socket } from './sockets.ts';
import { textOf } from './text.ts';

/** Bytes of one socket table, and sockets of it, that are read. */
const MAX_TABLE = 16 * 1024 * 1024;
const MAX_SOCKETS = 65_536;
/** File descriptors of one process that are looked at. */
const MAX_DESCRIPTORS = 65_536;

/** A connection that was seen belongs to its process from somewhat before on, ns. */
const BEFORE = 5e9;
/** ... and is taken to be there for so long after it was seen last. */
const AFTER = 5e9;

interface Connection {
  readonly inode: number;
  /** First time it was seen, less {@link BEFORE}. */
  readonly since: number;
}

/** Who holds a socket. */
export interface SocketOwner {
  readonly pid: number;
  /** A listening socket may have been the process' own from its start on. */
  readonly listening: boolean;
}

/** Addresses and sockets of one network namespace, as they were when it was last looked at. */
export class NamespaceSockets {
  readonly inode: number;
  /** Processes in it. */
  pids: readonly number[] = [];
  /** When it was looked at; -Infinity = never. */
  seenAt = Number.NEGATIVE_INFINITY;
  /** Its addresses, without loopback ones. */
  addresses: ReadonlySet<string> = new Set();
  #connections = new Map<string, Connection>();
  #listeners = new Map<string, number>();
  #owners = new Map<number, number>();

  constructor(inode: number) {
    this.inode = inode;
  }

  /** Whether an address is one of this namespace's own. */
  has(address: string): boolean {
    return isLoopbackText(address) || this.addresses.has(address);
  }

  /** Reads the addresses only. */
  readAddresses(files: HostFiles, proc: string): void {
    const net = this.#folder(files, proc);
    if (net === undefined) return;
    this.addresses = readAddresses(files, net);
  }

  /** Reads sockets, and finds the processes that hold them. */
  read(files: HostFiles, proc: string, now: number): void {
    this.seenAt = now;
    const net = this.#folder(files, proc);
    const before = this.#connections;
    this.#connections = new Map();
    this.#listeners = new Map();
    if (net === undefined) return;
    const wanted = new Set<number>();
    for (const table of ['tcp', 'tcp6', 'udp', 'udp6']) {
      const bytes = files.bytes(`${net}/${table}`, MAX_TABLE);
      if (bytes === undefined) continue;
      const transport = table.startsWith('tcp') ? 'tcp' : 'udp';
      for (const socket of parseSockets(textOf(bytes), transport, MAX_SOCKETS)) {
        if (socket.inode === 0) continue;
        wanted.add(socket.inode);
        this.#keep(socket, transport, before, now);
      }
    }
    this.#findOwners(files, proc, wanted);
  }

  #keep(
    socket: Socket,
    transport: string,
    before: ReadonlyMap<string, Connection>,
    now: number,
  ): void {
    const { localAddress, localPort, inode } = socket;
    if (socket.listening) {
      this.#listeners.set(`${transport} ${localAddress} ${localPort}`, inode);
      return;
    }
    const key = connectionKey(transport, socket);
    const known = before.get(key);
    const since = known?.inode === inode ? known.since : now - BEFORE;
    this.#connections.set(key, { inode, since });
  }

  /**
   * Sockets are links in /proc/PID/fd. Of several holders the one with the lowest pid counts, since
   * children inherit sockets; process 1 opens sockets for others.
   */
  #findOwners(files: HostFiles, proc: string, wanted: ReadonlySet<number>): void {
    this.#owners = new Map();
    for (const pid of this.pids) {
      const folder = `${proc}/${pid}/fd`;
      for (const name of files.names(folder).slice(0, MAX_DESCRIPTORS)) {
        const target = files.link(`${folder}/${name}`);
        if (target === undefined || !target.startsWith('socket:[')) continue;
        const inode = Number(target.slice(8, -1));
        if (!wanted.has(inode)) continue;
        const owner = this.#owners.get(inode);
        const better = owner === undefined || owner === 1 || (pid !== 1 && pid < owner);
        if (better) this.#owners.set(inode, pid);
      }
    }
  }

  #folder(files: HostFiles, proc: string): string | undefined {
    const wanted = `net:[${this.inode}]`;
    const pid = this.pids.find((p) => files.link(`${proc}/${p}/ns/net`) === wanted);
    return pid === undefined ? undefined : `${proc}/${pid}/net`;
  }

  /** Who held the connection at a time near to the last look; undefined = not known. */
  connection(
    transport: string,
    socket: Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>,
    unixNanos: number,
  ): SocketOwner | undefined {
    const found = this.#connections.get(connectionKey(transport, socket));
    if (found === undefined || unixNanos < found.since || unixNanos > this.seenAt + AFTER) {
      return undefined;
    }
    const pid = this.#owners.get(found.inode);
    return pid === undefined ? undefined : { pid, listening: false };
  }

  /** Who listens on an address and port. */
  listener(transport: string, address: string, port: number): SocketOwner | undefined {
    const inode =
      this.#listeners.get(`${transport} ${address} ${port}`) ??
      this.#listeners.get(`${transport}  ${port}`);
    const pid = inode === undefined ? undefined : this.#owners.get(inode);
    return pid === undefined ? undefined : { pid, listening: true };
  }
}

function connectionKey(
  transport: string,
  socket: Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>,
): string {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  return `${transport} ${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}
