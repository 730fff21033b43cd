import type { HostIdentity } from '../entities/entity.ts';
import type { HostFiles } from './files.ts';
import { isLoopbackText, parseFibTrie, parseInet6 } from './sockets.ts';
import { parseBootTime } from './stat.ts';
import { cleanText, textOf } from './text.ts';

/** Where the files of the machine are seen: others when the agent runs in a container. */
export interface HostPaths {
  /** procfs of the machine, without a slash at the end. */
  readonly proc: string;
  /** Root of the machine's files, with a slash at the end. */
  readonly root: string;
}

/** Paths where the program runs on the machine itself, not in a container. */
export const hostPaths: HostPaths = { proc: '/proc', root: '/' };

/** Who the machine is: machine id, else boot id, and its name. */
export function readHost(files: HostFiles, paths: HostPaths): HostIdentity {
  const line = (path: string): string =>
    cleanText(textOf(files.bytes(path, 4096) ?? new Uint8Array(0)).trim(), 256);
  const machine = line(`${paths.root}etc/machine-id`);
  const id = /^[0-9a-f]{32}$/.test(machine)
    ? machine
    : line(`${paths.proc}/sys/kernel/random/boot_id`);
  return { id, name: line(`${paths.proc}/sys/kernel/hostname`) };
}

/** When the machine was started, Unix seconds; 0 = not known. */
export function readBootTime(files: HostFiles, paths: HostPaths): number {
  // Lines of interrupt counters before it are long on large machines.
  const bytes = files.bytes(`${paths.proc}/stat`, 1 << 20);
  return (bytes === undefined ? undefined : parseBootTime(textOf(bytes))) ?? 0;
}

/** Bytes of the tables of addresses that are read. */
const MAX_ADDRESSES = 4 * 1024 * 1024;

/**
 * Addresses of the network namespace of a process, without loopback ones.
 * @param net folder `/proc/PID/net`
 */
export function readAddresses(files: HostFiles, net: string): ReadonlySet<string> {
  const read = (name: string): string =>
    textOf(files.bytes(`${net}/${name}`, MAX_ADDRESSES) ?? new Uint8Array(0));
  const all = [...parseFibTrie(read('fib_trie')), ...parseInet6(read('if_inet6'))];
  return new Set(all.filter((address) => !isLoopbackText(address)));
}
