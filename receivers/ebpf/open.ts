import { hostFiles } from '../../agent/tags/files.ts';
import { hostPaths, readHost } from '../../agent/tags/host.ts';
import type { Logger } from '../../component/settings.ts';
import type { Config } from './config.ts';
import { listeners } from './listeners.ts';
import { type Cgroup, findCgroup, Probe } from './probe.ts';
import { Targets } from './targets.ts';

/** Loads the kernel side for a configuration. @throws Error that says what is missing */
export function openProbe(config: Config, unixMs: number): Probe {
  const { allow } = config;
  const groups = cgroupsOf(config);
  const probe = Probe.open({
    payloadCap: config.payload_cap,
    ringBytes: powerOfTwo(config.ring_size),
    onlyListed: allow.processes.length > 0 || groups.length > 0,
    ports: allow.ports,
    // About one in 1,024 ns: chains are made more slowly than that, so that ids stay unique.
    idBase: (BigInt(Math.floor(unixMs)) * 1_000_000n) >> 10n,
  });
  for (const { id } of groups) probe.listCgroup(id);
  return probe;
}

/** Attributes of this machine for resources of spans. */
export function hostAttributes(): Readonly<Record<string, string>> {
  const { id, name } = readHost(hostFiles, hostPaths);
  return { 'host.id': id, 'host.name': name };
}

/** Attaches, then looks at what runs: in this order nothing that begins meanwhile is missed. */
export async function startTargets(probe: Probe, config: Config, logger: Logger): Promise<Targets> {
  const targets = new Targets(probe, {
    listed: config.allow.processes,
    cgroups: cgroupsOf(config).map(({ path }) => path),
    nodeAsync: config.node_async,
    logger,
  });
  for (const { networkNamespace, port } of await listeners()) {
    probe.setListener(networkNamespace, port);
  }
  probe.attach();
  await targets.scan();
  return targets;
}

function cgroupsOf(config: Config): Cgroup[] {
  return config.allow.cgroups.map(findCgroup);
}

function powerOfTwo(bytes: number): number {
  return 2 ** Math.ceil(Math.log2(bytes));
}
