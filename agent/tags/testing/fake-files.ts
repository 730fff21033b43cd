import type { HostFiles } from '../files.ts';

/** A process as a test wants it; what is left out has a plain value. */
export interface FakeProcess {
  readonly pid: number;
  readonly parent?: number;
  readonly executable?: string;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly cgroup?: string;
  readonly folder?: string;
  readonly networkNamespace?: number;
  readonly startTicks?: number;
  /** Kernel's name. */
  readonly name?: string;
  /** Inodes of its sockets. */
  readonly sockets?: readonly number[];
}

/** A machine's files in memory. Boot time is 1,790,000,000. */
export class FakeFiles implements HostFiles {
  readonly files = new Map<string, Uint8Array>();
  readonly links = new Map<string, string>();
  readonly inodes = new Map<string, number>();
  /** Calls since the start, to see that little is read. */
  reads = 0;

  constructor() {
    this.write('/etc/machine-id', '3d1219c7c4c5404aaa1f6d2a48adfda4\n');
    this.write('/proc/sys/kernel/hostname', 'h1\n');
    this.write('/proc/sys/kernel/random/boot_id', '11111111-2222-3333-4444-555555555555\n');
    this.write('/proc/stat', 'cpu  1 2 3\nintr 1 2\nbtime 1790000000\nprocesses 5\n');
  }

  write(path: string, content: string | Uint8Array): void {
    this.files.set(path, typeof content === 'string' ? Buffer.from(content) : content);
  }

  bytes(path: string, limit: number, offset = 0): Uint8Array | undefined {
    this.reads++;
    return this.files.get(path)?.subarray(offset, offset + limit);
  }

  link(path: string): string | undefined {
    this.reads++;
    return this.links.get(path);
  }

  names(path: string): readonly string[] {
    this.reads++;
    const names = new Set<string>();
    for (const key of [...this.files.keys(), ...this.links.keys()]) {
      if (key.startsWith(`${path}/`)) names.add(key.slice(path.length + 1).split('/')[0]!);
    }
    return [...names];
  }

  /** Where `inodes` has one. */
  inode(path: string): number | undefined {
    return this.inodes.get(path);
  }

  start(process: FakeProcess): void {
    const { pid, name = 'comm', executable = '/usr/bin/thing', startTicks = 1000 } = process;
    const own = `/proc/${pid}`;
    this.stop(pid);
    const before = `S ${process.parent ?? 1}`;
    const fields = `${before}${' 0'.repeat(17)} ${startTicks} 0 0`;
    this.write(`${own}/stat`, `${pid} (${name}) ${fields}\n`);
    this.write(`${own}/cmdline`, (process.args ?? [executable]).map((a) => `${a}\0`).join(''));
    const environment = Object.entries({ PATH: '/bin', ...process.environment });
    this.write(`${own}/environ`, environment.map(([k, v]) => `${k}=${v}\0`).join(''));
    this.write(`${own}/cgroup`, process.cgroup ?? '0::/\n');
    this.links.set(`${own}/exe`, executable);
    this.links.set(`${own}/cwd`, process.folder ?? '/');
    this.links.set(`${own}/ns/net`, `net:[${process.networkNamespace ?? 4026531833}]`);
    for (const [index, inode] of (process.sockets ?? []).entries()) {
      this.links.set(`${own}/fd/${index + 3}`, `socket:[${inode}]`);
    }
    this.links.set(`${own}/fd/0`, '/dev/null');
  }

  /** Writes the network files of a namespace, seen through one of its processes. */
  network(
    pid: number,
    net: { readonly addresses?: readonly string[]; readonly tcp?: string; readonly udp?: string },
  ): void {
    const leaves = (net.addresses ?? []).map((a) => `     |-- ${a}\n        /32 host LOCAL\n`);
    this.write(`/proc/${pid}/net/fib_trie`, `Local:\n${leaves.join('')}`);
    const head = '  sl  local_address rem_address   st\n';
    this.write(`/proc/${pid}/net/tcp`, head + (net.tcp ?? ''));
    this.write(`/proc/${pid}/net/udp`, head + (net.udp ?? ''));
  }

  stop(pid: number): void {
    for (const map of [this.files, this.links]) {
      for (const key of map.keys()) if (key.startsWith(`/proc/${pid}/`)) map.delete(key);
    }
  }
}

/** A line of /proc/net/tcp. @param state 0A listens, 01 is connected */
export function socketLine(
  local: readonly [address: string, port: number],
  remote: readonly [address: string, port: number],
  state: string,
  inode: number,
): string {
  const end = ([address, port]: readonly [string, number]): string => {
    const bytes = address.split('.').map((part) => Number(part));
    const hex = Buffer.from(bytes.toReversed()).toString('hex').toUpperCase();
    return `${hex}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  };
  const counters = '00000000:00000000 00:00000000 00000000     0        0';
  return `   0: ${end(local)} ${end(remote)} ${state} ${counters} ${inode} 1 0000000 20 4 30 10 -1\n`;
}
