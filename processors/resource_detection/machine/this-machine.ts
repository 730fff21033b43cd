import { readdir } from 'node:fs/promises';
import os from 'node:os';
import { distribution, parseCpu, parseRelease, prettyName } from './linux.ts';
import type { Cpu, Interface, Machine, ReadText } from './machine.ts';
import { canonicalName, qualifiedName, reverseName } from './names.ts';

const architectures: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: 'x86',
  arm: 'arm32',
};

const isLinux = process.platform === 'linux';

/** Bits of IFF_UP and IFF_LOOPBACK in flags of an interface. */
const [up, loopback] = [1, 8];

async function linuxInterfaces(read: ReadText): Promise<Interface[]> {
  const folder = '/sys/class/net';
  const own = os.networkInterfaces();
  const found: (Interface & { readonly index: number })[] = [];
  for (const name of await readdir(folder)) {
    const value = async (file: string) =>
      (await read(`${folder}/${name}/${file}`).catch(() => undefined))?.trim() ?? '';
    const flags = Number(await value('flags'));
    const index = Number(await value('ifindex'));
    if (Number.isNaN(index) || index === 0) continue;
    const counts = (flags & up) !== 0 && (flags & loopback) === 0;
    const addresses = (own[name] ?? []).filter((a) => !a.internal).map((a) => a.address);
    const mac = counts ? await value('address') : '';
    found.push({ name, mac, counts, addresses, index });
  }
  return found.sort((a, b) => a.index - b.index);
}

function otherInterfaces(): Interface[] {
  return Object.entries(os.networkInterfaces()).map(([name, addresses = []]) => ({
    name,
    mac: addresses[0]?.mac ?? '',
    counts: addresses.some((a) => !a.internal),
    addresses: addresses.filter((a) => !a.internal).map((a) => a.address),
  }));
}

function otherCpu(): Cpu | undefined {
  const model = os.cpus()[0]?.model;
  if (model === undefined) return undefined;
  return { vendor: '', family: '', model: '', modelName: model, stepping: 0, cacheKib: 0 };
}

async function description(read: ReadText): Promise<string> {
  if (process.platform === 'win32') return `${os.version()} (${os.release()})`;
  const uname = [os.type(), os.hostname(), os.release(), os.version(), os.machine()].join(' ');
  const pretty = isLinux ? await prettyName(read) : '';
  return pretty === '' ? uname : `${pretty} (${uname})`;
}

async function machineId(read: ReadText): Promise<string> {
  const paths = isLinux ? ['/etc/machine-id', '/var/lib/dbus/machine-id'] : ['/etc/hostid'];
  for (const path of paths) {
    const id = (await read(path))?.trim() ?? '';
    if (id !== '') return id;
  }
  throw new Error(`cannot find the id of the machine: no ${paths.join(' and no ')}`);
}

/** The machine that this program runs on. */
export function thisMachine(read: ReadText): Machine {
  return {
    osType: process.platform === 'win32' ? 'windows' : process.platform,
    arch: architectures[process.arch] ?? process.arch,
    hostname: () => os.hostname(),
    fqdn: async () => qualifiedName(os.hostname(), read),
    cname: async () => canonicalName(os.hostname(), read),
    reverseName: async () => reverseName(os.hostname()),
    platform: async () =>
      isLinux ? distribution(read) : { name: process.platform, version: os.release() },
    description: () => description(read),
    async buildId() {
      const text = isLinux ? ((await read('/etc/os-release')) ?? '') : '';
      return parseRelease(text).BUILD_ID || os.release();
    },
    id: () => machineId(read),
    interfaces: async () => (isLinux ? linuxInterfaces(read) : otherInterfaces()),
    cpu: async () => (isLinux ? parseCpu((await read('/proc/cpuinfo')) ?? '') : otherCpu()),
  };
}
