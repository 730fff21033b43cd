import { type MetricSpec, metric } from './metric-spec.ts';
import { nfs } from './nfs-specs.ts';

const cpu: readonly MetricSpec[] = [
  metric(
    'system.cpu.frequency',
    false,
    'Hz',
    'gauge double',
    'Current frequency of the CPU core in Hz.',
  ),
  metric(
    'system.cpu.logical.count',
    false,
    '{cpu}',
    'sum int',
    'Number of available logical CPUs.',
  ),
  metric(
    'system.cpu.physical.count',
    false,
    '{cpu}',
    'sum int',
    'Number of available physical CPUs.',
  ),
  metric(
    'system.cpu.time',
    true,
    's',
    'counter double',
    'Total seconds each logical CPU spent on each mode.',
  ),
  metric(
    'system.cpu.utilization',
    false,
    '1',
    'gauge double',
    'Difference in system.cpu.time since the last measurement per logical CPU, divided by the elapsed time (value in interval [0,1]).',
  ),
];

const disk: readonly MetricSpec[] = [
  metric('system.disk.io', true, 'By', 'counter int', 'Disk bytes transferred.'),
  metric(
    'system.disk.io_time',
    true,
    's',
    'counter double',
    'Time disk spent activated. On Windows, this is calculated as the inverse of disk idle time.',
  ),
  metric(
    'system.disk.merged',
    true,
    '{operations}',
    'counter int',
    'The number of disk reads/writes merged into single physical disk access operations.',
  ),
  metric(
    'system.disk.operation_time',
    true,
    's',
    'counter double',
    'Time spent in disk operations.',
  ),
  metric('system.disk.operations', true, '{operations}', 'counter int', 'Disk operations count.'),
  metric(
    'system.disk.pending_operations',
    true,
    '{operations}',
    'sum int',
    'The queue size of pending I/O operations.',
  ),
  metric(
    'system.disk.weighted_io_time',
    true,
    's',
    'counter double',
    'Time disk spent activated multiplied by the queue length.',
  ),
];

const filesystem: readonly MetricSpec[] = [
  metric('system.filesystem.inodes.usage', true, '{inodes}', 'sum int', 'FileSystem inodes used.'),
  metric('system.filesystem.usage', true, 'By', 'sum int', 'Filesystem bytes used.'),
  metric(
    'system.filesystem.utilization',
    false,
    '1',
    'gauge double',
    'Fraction of filesystem bytes used.',
  ),
];

const load: readonly MetricSpec[] = [
  metric(
    'system.cpu.load_average.15m',
    true,
    '{thread}',
    'gauge double',
    'Average CPU Load over 15 minutes.',
  ),
  metric(
    'system.cpu.load_average.1m',
    true,
    '{thread}',
    'gauge double',
    'Average CPU Load over 1 minute.',
  ),
  metric(
    'system.cpu.load_average.5m',
    true,
    '{thread}',
    'gauge double',
    'Average CPU Load over 5 minutes.',
  ),
];

const memory: readonly MetricSpec[] = [
  metric(
    'system.linux.memory.available',
    false,
    'By',
    'sum int',
    'An estimate of how much memory is available for starting new applications, without swapping. This is a more accurate alternative than system.memory.usage with state=free. (Linux only)',
  ),
  metric(
    'system.linux.memory.dirty',
    false,
    'By',
    'sum int',
    'The amount of dirty memory according to `/proc/meminfo`.',
  ),
  metric('system.memory.limit', false, 'By', 'sum int', 'Total bytes of memory available.'),
  metric(
    'system.memory.linux.hugepages.limit',
    false,
    '{page}',
    'sum int',
    'Total number of hugepages available.',
  ),
  metric(
    'system.memory.linux.hugepages.page_size',
    false,
    'By',
    'sum int',
    'System hugepage size in bytes.',
  ),
  metric(
    'system.memory.linux.hugepages.reserved',
    false,
    '{page}',
    'sum int',
    'Number of reserved hugepages (hugepages for which a commitment to allocate has been made, but no allocation has yet been made). This is reported as a separate metric rather than a usage state because reserved pages are already counted in free pages - they represent a subset of free pages that cannot be used for non-reserved allocations.',
  ),
  metric(
    'system.memory.linux.hugepages.surplus',
    false,
    '{page}',
    'sum int',
    'Number of surplus hugepages (overcommitted hugepages beyond the persistent pool). This is reported as a separate metric rather than a usage state because surplus pages can be in either used or free state, and including them would break the semantic convention that usage states must sum to the limit.',
  ),
  metric(
    'system.memory.linux.hugepages.usage',
    false,
    '{page}',
    'sum int',
    'Number of hugepages in use by state.',
  ),
  metric(
    'system.memory.linux.hugepages.utilization',
    false,
    '1',
    'gauge double',
    'Percentage of hugepages in use by state.',
  ),
  metric(
    'system.memory.linux.shared',
    false,
    'By',
    'sum int',
    'Shared memory usage, including tmpfs filesystems and System V/POSIX shared memory. Only supported on Linux.',
  ),
  metric(
    'system.memory.page_size',
    false,
    'By',
    'gauge int',
    "A constant value for the system's configured page size.",
  ),
  metric('system.memory.usage', true, 'By', 'sum int', 'Bytes of memory in use.'),
  metric(
    'system.memory.utilization',
    false,
    '1',
    'gauge double',
    'Percentage of memory bytes in use.',
  ),
];

const network: readonly MetricSpec[] = [
  metric(
    'system.network.connections',
    true,
    '{connections}',
    'sum int',
    'The number of connections.',
  ),
  metric(
    'system.network.conntrack.count',
    false,
    '{entries}',
    'sum int',
    'The count of entries in conntrack table.',
  ),
  metric(
    'system.network.conntrack.max',
    false,
    '{entries}',
    'sum int',
    'The limit for entries in the conntrack table.',
  ),
  metric(
    'system.network.dropped',
    true,
    '{packets}',
    'counter int',
    'The number of packets dropped.',
  ),
  metric(
    'system.network.errors',
    true,
    '{errors}',
    'counter int',
    'The number of errors encountered.',
  ),
  metric(
    'system.network.io',
    true,
    'By',
    'counter int',
    'The number of bytes transmitted and received.',
  ),
  metric(
    'system.network.packets',
    true,
    '{packets}',
    'counter int',
    'The number of packets transferred.',
  ),
];

const paging: readonly MetricSpec[] = [
  metric('system.paging.faults', true, '{faults}', 'counter int', 'The number of page faults.'),
  metric(
    'system.paging.operations',
    true,
    '{operations}',
    'counter int',
    'The number of paging operations.',
  ),
  metric('system.paging.usage', true, 'By', 'sum int', 'Swap (unix) or pagefile (windows) usage.'),
  metric(
    'system.paging.utilization',
    false,
    '1',
    'gauge double',
    'Swap (unix) or pagefile (windows) utilization.',
  ),
];

const processes: readonly MetricSpec[] = [
  metric(
    'system.processes.count',
    true,
    '{processes}',
    'sum int',
    'Total number of processes in each state.',
  ),
  metric(
    'system.processes.created',
    true,
    '{processes}',
    'counter int',
    'Total number of created processes. Supported on Linux and OpenBSD.',
  ),
];

const process: readonly MetricSpec[] = [
  metric(
    'process.context_switches',
    false,
    '{count}',
    'counter int',
    'Number of times the process has been context switched.',
  ),
  metric(
    'process.cpu.time',
    true,
    's',
    'counter double',
    'Total CPU seconds broken down by different states.',
  ),
  metric(
    'process.cpu.utilization',
    false,
    '1',
    'gauge double',
    'Percentage of total CPU time used by the process since last scrape, expressed as a value between 0 and 1. On the first scrape, no data point is emitted for this metric.',
  ),
  metric('process.disk.io', true, 'By', 'counter int', 'Disk bytes transferred.'),
  metric(
    'process.disk.operations',
    false,
    '{operations}',
    'counter int',
    'Number of disk operations performed by the process.',
  ),
  metric(
    'process.handles',
    false,
    '{count}',
    'sum int',
    'Number of open handles held by the process.',
  ),
  metric('process.memory.usage', true, 'By', 'sum int', 'The amount of physical memory in use.'),
  metric(
    'process.memory.utilization',
    false,
    '1',
    'gauge double',
    'Percentage of total physical memory that is used by the process.',
  ),
  metric('process.memory.virtual', true, 'By', 'sum int', 'Virtual memory size.'),
  metric(
    'process.open_file_descriptors',
    false,
    '{count}',
    'sum int',
    'Number of file descriptors in use by the process.',
  ),
  metric(
    'process.paging.faults',
    false,
    '{faults}',
    'counter int',
    'Number of page faults the process has made.',
  ),
  metric(
    'process.signals_pending',
    false,
    '{signals}',
    'sum int',
    'Number of pending signals for the process.',
  ),
  metric('process.threads', false, '{threads}', 'sum int', 'Process threads count.'),
  metric('process.uptime', false, 's', 'gauge double', 'The time the process has been running.'),
];

const system: readonly MetricSpec[] = [
  metric('system.uptime', true, 's', 'gauge double', 'The time the system has been running'),
];

/** Metrics of each scraper, in the order in which they are emitted. */
export const metricSpecs = {
  cpu,
  disk,
  filesystem,
  load,
  memory,
  network,
  nfs,
  paging,
  processes,
  process,
  system,
} as const satisfies Record<string, readonly MetricSpec[]>;

/** A scraper by its key. */
export type ScraperName = keyof typeof metricSpecs;
