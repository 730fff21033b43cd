import { ipv4Text, ipv6Text } from '../address.ts';

/** A socket as `/proc/net/{tcp,tcp6,udp,udp6}` shows it. */
export interface Socket {
  /** Canonical text; IPv4-mapped addresses as IPv4; '' = any address. */
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  /** 0 = no peer. */
  readonly remotePort: number;
  /** 0 = nobody holds it any more. */
  readonly inode: number;
  /** TCP: listens. UDP: has no peer. */
  readonly listening: boolean;
}

const TCP_LISTEN = '0A';

/** Sockets of one table; lines that are not of its form are left out. @param limit lines read */
export function parseSockets(text: string, transport: 'tcp' | 'udp', limit: number): Socket[] {
  const sockets: Socket[] = [];
  let at = text.indexOf('\n') + 1;
  while (at > 0 && at < text.length && sockets.length < limit) {
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end === -1 ? text.length : end);
    at = end === -1 ? text.length : end + 1;
    const socket = parseLine(line, transport);
    if (socket !== undefined) sockets.push(socket);
  }
  return sockets;
}

function parseLine(line: string, transport: 'tcp' | 'udp'): Socket | undefined {
  const fields = line.trim().split(/ +/);
  const local = parseEnd(fields[1] ?? '');
  const remote = parseEnd(fields[2] ?? '');
  const inode = Number(fields[9]);
  if (local === undefined || remote === undefined || !Number.isInteger(inode)) return undefined;
  const listening = transport === 'tcp' ? fields[3] === TCP_LISTEN : remote.port === 0;
  return {
    localAddress: local.address,
    localPort: local.port,
    remoteAddress: remote.address,
    remotePort: remote.port,
    inode,
    listening,
  };
}

/** Addresses are 32-bit words in the machine's byte order (little-endian), ports are not. */
function parseEnd(text: string): { address: string; port: number } | undefined {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text);
  if (match === null) return undefined;
  const hex = match[1]!;
  const words: number[] = [];
  for (let i = 0; i < hex.length; i += 8) words.push(swapped(hex.slice(i, i + 8)));
  return { address: addressText(words), port: Number.parseInt(match[2]!, 16) };
}

function swapped(hex: string): number {
  return Buffer.from(hex, 'hex').readUInt32LE(0);
}

function addressText(words: readonly number[]): string {
  if (words.every((word) => word === 0)) return '';
  if (words.length === 1) return ipv4Text(words[0]!);
  const [a = 0, b = 0, c = 0, d = 0] = words;
  if (a === 0 && b === 0 && c === 0xffff) return d === 0 ? '' : ipv4Text(d);
  return ipv6Text(a, b, c, d);
}

/**
 * Addresses of a network namespace, out of `/proc/PID/net/fib_trie`: leaves that are marked as
 * `host LOCAL`.
 */
export function parseFibTrie(text: string): ReadonlySet<string> {
  const addresses = new Set<string>();
  let leaf = '';
  for (const line of text.split('\n')) {
    const address = /\|-- (\d+\.\d+\.\d+\.\d+)$/.exec(line)?.[1];
    if (address !== undefined) leaf = address;
    else if (/\/32 host LOCAL$/.test(line)) addresses.add(leaf);
  }
  return addresses;
}

/** Addresses out of `/proc/PID/net/if_inet6`: 32 hex digits at the start of each line. */
export function parseInet6(text: string): ReadonlySet<string> {
  const addresses = new Set<string>();
  for (const line of text.split('\n')) {
    const hex = /^([0-9a-f]{32}) /.exec(line)?.[1];
    if (hex === undefined) continue;
    const words = [0, 8, 16, 24].map((at) => Number.parseInt(hex.slice(at, at + 8), 16));
    addresses.add(ipv6Text(words[0]!, words[1]!, words[2]!, words[3]!));
  }
  return addresses;
}

/** Whether an address belongs to every machine: 127.0.0.0/8 and ::1. */
export function isLoopbackText(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
