import { existsSync } from 'node:fs';
import { z } from 'zod';
import { duration } from '../../config/schema/index.ts';
import { nameFilter } from './filter.ts';
import { metricSpecs, type ScraperName } from './metric-specs.ts';

const flag = (text: string, on = false) => z.boolean().default(on).describe(text);

/** `metrics:` of a scraper; decodes to the names that are on. */
function metricsSection(name: ScraperName) {
  const shape = Object.fromEntries(
    metricSpecs[name].map((spec) => [
      spec.name,
      z
        .strictObject({ enabled: flag('whether it is emitted', spec.enabled) })
        .prefault({})
        .describe(spec.description),
    ]),
  );
  return z
    .strictObject(shape)
    .prefault({})
    .transform((given): ReadonlySet<string> => {
      const all = given as Record<string, { enabled: boolean }>;
      return new Set(Object.keys(all).filter((key) => all[key]!.enabled));
    })
    .describe('which metrics are emitted');
}

const processAttributes = {
  'process.cgroup': false,
  'process.command': true,
  'process.command_line': true,
  'process.executable.name': true,
  'process.executable.path': true,
  'process.owner': true,
  'process.parent_pid': true,
  'process.pid': true,
};

const resourceAttributes = z
  .strictObject(
    Object.fromEntries(
      Object.entries(processAttributes).map(([name, on]) => [
        name,
        z.strictObject({ enabled: flag('whether it is emitted', on) }).prefault({}),
      ]),
    ),
  )
  .prefault({})
  .transform((given): ReadonlySet<string> => {
    const all = given as Record<string, { enabled: boolean }>;
    return new Set(Object.keys(all).filter((key) => all[key]!.enabled));
  })
  .describe('which resource attributes processes have');

const cpu = z.strictObject({ metrics: metricsSection('cpu') });
const disk = z.strictObject({
  metrics: metricsSection('disk'),
  include: nameFilter('devices', 'devices to report').describe('devices to report; absent = all'),
  exclude: nameFilter('devices', 'devices not to report').describe('devices not to report'),
});
const filesystem = z.strictObject({
  metrics: metricsSection('filesystem'),
  include_virtual_filesystems: flag('also file systems without a device (tmpfs, proc ...)'),
  include_devices: nameFilter('devices', 'devices').describe('devices to report'),
  exclude_devices: nameFilter('devices', 'devices').describe('devices not to report'),
  include_fs_types: nameFilter('fs_types', 'types').describe('types to report'),
  exclude_fs_types: nameFilter('fs_types', 'types').describe('types not to report'),
  include_mount_points: nameFilter('mount_points', 'mount points').describe(
    'mount points to report',
  ),
  exclude_mount_points: nameFilter('mount_points', 'mount points').describe(
    'mount points not to report',
  ),
});
const load = z.strictObject({
  metrics: metricsSection('load'),
  cpu_average: flag('whether loads are divided by the number of CPUs'),
});
const memory = z.strictObject({ metrics: metricsSection('memory') });
const network = z.strictObject({
  metrics: metricsSection('network'),
  include: nameFilter('interfaces', 'interfaces').describe('interfaces to report; absent = all'),
  exclude: nameFilter('interfaces', 'interfaces').describe('interfaces not to report'),
});
const nfs = z.strictObject({ metrics: metricsSection('nfs') });
const paging = z.strictObject({ metrics: metricsSection('paging') });
const processes = z.strictObject({ metrics: metricsSection('processes') });
const process = z.strictObject({
  metrics: metricsSection('process'),
  resource_attributes: resourceAttributes,
  include: nameFilter('names', 'names of programs').describe('processes to report; absent = all'),
  exclude: nameFilter('names', 'names of programs').describe('processes not to report'),
  mute_process_all_errors: flag('no errors of processes are logged'),
  mute_process_name_error: flag('no errors of reading names are logged'),
  mute_process_io_error: flag('no errors of reading I/O counters are logged'),
  mute_process_cgroup_error: flag('no errors of reading cgroups are logged'),
  mute_process_exe_error: flag('no errors of reading executables are logged'),
  mute_process_user_error: flag('no errors of finding owners are logged'),
  scrape_process_delay: duration()
    .prefault(0)
    .describe('age that a process has before it is reported'),
});
const system = z.strictObject({ metrics: metricsSection('system') });

const shapes = {
  cpu,
  disk,
  filesystem,
  load,
  memory,
  network,
  nfs,
  paging,
  process,
  processes,
  system,
};

/** A scraper is on when its key is there, also with nothing in it. */
const present = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === null ? {} : value), schema.optional()).optional();

const scrapers = z
  .strictObject({
    cpu: present(cpu),
    disk: present(disk),
    filesystem: present(filesystem),
    load: present(load),
    memory: present(memory),
    network: present(network),
    nfs: present(nfs),
    paging: present(paging),
    process: present(process),
    processes: present(processes),
    system: present(system),
  })
  .prefault({});

const keys = z.strictObject({
  collection_interval: duration().prefault('1m').describe('pause between readings'),
  initial_delay: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault('1s')
    .describe('pause before the first reading'),
  timeout: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault(0)
    .describe('longest time of handing on a reading; 0 = none'),
  root_path: z
    .string()
    .default('')
    .describe('where the root of the host is mounted in a container'),
  metadata_collection_interval: duration()
    .prefault('5m')
    .describe('pause between entity events in logs pipelines; 0 = one event'),
  scrapers: scrapers.describe('what is read; each is on when its key is there'),
});

/** Configuration of the receiver; durations in milliseconds. */
export const config = keys.superRefine((given, ctx) => {
  const issue = (path: string[], message: string) =>
    ctx.addIssue({ code: 'custom', path, message });
  if (Object.values(given.scrapers).every((scraper) => scraper === undefined)) {
    issue(['scrapers'], 'must specify at least one scraper when using host_metrics receiver');
  }
  if (given.collection_interval <= 0) {
    issue(['collection_interval'], '"collection_interval": requires positive value');
  }
  if (given.timeout < 0) issue(['timeout'], '"timeout": requires positive value');
  const { root_path: root } = given;
  if (root !== '' && root !== '/' && !existsSync(root)) {
    issue(['root_path'], `invalid root_path: stat ${root}: no such file or directory`);
  }
});

/** The keys as they are decoded; durations in milliseconds. */
export type HostMetricsConfig = z.output<typeof keys>;
/** What each scraper's section says, by its name. */
export type ScraperConfigs = { [K in keyof typeof shapes]: z.output<(typeof shapes)[K]> };
