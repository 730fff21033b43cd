import type { Cpu, ReadText } from './machine.ts';

/** KEY=value lines, of which the values may be in quotes. */
export function parseRelease(text: string): Readonly<Record<string, string>> {
  const entries = text.split('\n').flatMap((line) => {
    const [, key = '', value = ''] = /^\s*([A-Za-z0-9_]+)=(.*)$/.exec(line) ?? [];
    const plain = value.trim().replace(/^(["'])(.*)\1$/, '$2');
    return key === '' ? [] : [[key, plain] as const];
  });
  return Object.fromEntries(entries);
}

/** Distributions of Debian's kind whose /etc/lsb-release names them. */
const debianKind: Readonly<Record<string, string>> = {
  Ubuntu: 'ubuntu',
  LinuxMint: 'linuxmint',
  Kylin: 'Kylin',
  uos: 'uos',
  Deepin: 'Deepin',
};

function redHat(text: string): { name: string; version: string } {
  const line = text.split('\n')[0]!.toLowerCase();
  const name = line.includes('red hat') ? 'redhat' : (line.split(' ')[0] ?? '');
  if (line.includes('rawhide')) return { name, version: 'rawhide' };
  return { name, version: /release (\d[\d.]*)/.exec(line)?.[1] ?? '' };
}

/** The distribution and its version, by the files in /etc that name them. */
export async function distribution(read: ReadText): Promise<{ name: string; version: string }> {
  const etc = async (name: string) => (await read(`/etc/${name}`))?.trim() ?? '';
  const { DISTRIB_ID: id = '', DISTRIB_RELEASE: release = '' } = parseRelease(
    await etc('lsb-release'),
  );
  for (const file of ['oracle-release', 'enterprise-release']) {
    const text = await etc(file);
    if (text !== '') return { ...redHat(text), name: 'oracle' };
  }
  const debian = await etc('debian_version');
  if (debian !== '') {
    const name = debianKind[id];
    if (name !== undefined) return { name, version: release };
    const isPi = (await read('/usr/bin/raspi-config')) !== undefined;
    return { name: isPi ? 'raspbian' : 'debian', version: debian.split('\n')[0]! };
  }
  for (const file of ['redhat-release', 'system-release']) {
    const text = await etc(file);
    if (text !== '') return redHat(text);
  }
  const alpine = await etc('alpine-release');
  if (alpine !== '') return { name: 'alpine', version: alpine.split('\n')[0]! };
  const { ID = '', VERSION_ID = '' } = parseRelease(await etc('os-release'));
  if (ID !== '') return { name: ID, version: VERSION_ID };
  return { name: id.toLowerCase(), version: release };
}

/** The name of the system for people, '' when there is none. */
export async function prettyName(read: ReadText): Promise<string> {
  const text = (await read('/etc/os-release')) ?? (await read('/usr/lib/os-release')) ?? '';
  const { PRETTY_NAME = '', NAME = '', VERSION = '' } = parseRelease(text);
  if (PRETTY_NAME !== '') return PRETTY_NAME;
  return NAME !== '' && VERSION !== '' ? `${NAME} ${VERSION}` : '';
}

/** What /proc/cpuinfo says of the first processor; undefined = it names none. */
export function parseCpu(text: string): Cpu | undefined {
  const first = text.split('\n\n')[0] ?? '';
  const fields = new Map(
    first.split('\n').map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, Math.max(colon, 0)).trim(), line.slice(colon + 1).trim()] as const;
    }),
  );
  if (!fields.has('processor')) return undefined;
  const value = (...keys: string[]) => keys.map((key) => fields.get(key)).find(Boolean) ?? '';
  return {
    vendor: value('vendor_id', 'vendorId', 'CPU implementer'),
    family: value('cpu family', 'CPU architecture'),
    model: value('model', 'CPU part'),
    modelName: value('model name', 'cpu', 'Processor'),
    stepping: Number.parseInt(value('stepping', 'CPU revision') || '0', 10),
    cacheKib: Number.parseInt(value('cache size') || '0', 10),
  };
}
