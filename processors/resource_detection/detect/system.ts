import { Finding, type Found, orAbsent, type Wanted } from '../found.ts';
import type { Machine } from '../machine/machine.ts';
import type { World } from '../world.ts';

/** Where the name of the host may be from. */
export const hostnameSources = ['os', 'dns', 'cname', 'lookup'] as const;

type HostnameSource = (typeof hostnameSources)[number];

async function nameFrom(machine: Machine, source: HostnameSource): Promise<string> {
  if (source === 'os') return machine.hostname();
  if (source === 'dns') return machine.fqdn();
  return source === 'cname' ? machine.cname() : machine.reverseName();
}

async function hostName(world: World, sources: readonly HostnameSource[]): Promise<string> {
  for (const source of sources) {
    try {
      return await nameFrom(world.machine, source);
    } catch (error) {
      world.log.debug('no host name', { source, error: (error as Error).message });
    }
  }
  throw new Error('all hostname sources failed to get hostname');
}

/** What fails leaves the attribute out. */
async function orWarn(
  world: World,
  what: string,
  value: () => Promise<string>,
): Promise<string | undefined> {
  try {
    return await value();
  } catch (error) {
    world.log.warn(`failed to get ${what}`, { error: (error as Error).message });
    return undefined;
  }
}

async function setNetwork(finding: Finding, machine: Machine): Promise<void> {
  const names = ['host.ip', 'host.mac', 'host.interface'];
  if (!names.some((name) => finding.wants(name))) return;
  const all = await machine.interfaces();
  const own = all.filter((one) => one.counts);
  finding
    .set(
      'host.ip',
      own.flatMap((one) => one.addresses),
    )
    .set(
      'host.mac',
      own.map((one) => one.mac.replaceAll(':', '-').toUpperCase()),
    )
    .set(
      'host.interface',
      all.map((one) => one.name),
    );
}

async function setCpu(finding: Finding, machine: Machine): Promise<void> {
  const fields = ['cache.l2.size', 'family', 'model.id', 'vendor.id', 'model.name', 'stepping'];
  if (!fields.some((field) => finding.wants(`host.cpu.${field}`))) return;
  const cpu = await machine.cpu();
  if (cpu === undefined) return;
  finding
    .set('host.cpu.vendor.id', cpu.vendor)
    .set('host.cpu.family', cpu.family)
    .set('host.cpu.model.id', orAbsent(cpu.model))
    .set('host.cpu.model.name', cpu.modelName)
    .set('host.cpu.stepping', String(cpu.stepping))
    .set('host.cpu.cache.l2.size', cpu.cacheKib);
}

/** The machine itself. */
export async function system(
  world: World,
  wanted: Wanted,
  sources: readonly HostnameSource[],
): Promise<Found> {
  const { machine } = world;
  const finding = new Finding(wanted);
  const ifWanted = async (name: string, value: () => Promise<string>) =>
    finding.wants(name) ? value() : undefined;
  finding
    .set('host.name', await hostName(world, sources))
    .set('os.type', machine.osType)
    .set(
      'os.version',
      await ifWanted('os.version', async () => (await machine.platform()).version),
    );
  if (finding.wants('host.id')) {
    finding.set('host.id', await orWarn(world, 'host ID', () => machine.id()));
  }
  finding.set('host.arch', machine.arch);
  await setNetwork(finding, machine);
  finding.set('os.description', await ifWanted('os.description', () => machine.description()));
  if (finding.wants('os.name')) {
    const name = async () => (await machine.platform()).name;
    finding.set('os.name', await orWarn(world, 'OS name', name));
  }
  if (finding.wants('os.build.id')) {
    finding.set('os.build.id', await orWarn(world, 'OS build id', () => machine.buildId()));
  }
  await setCpu(finding, machine);
  return finding.found();
}
