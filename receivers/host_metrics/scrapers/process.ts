import type { ScraperConfigs } from '../config.ts';
import { passes } from '../filter.ts';
import { type HostFiles, ticksPerSecond } from '../proc.ts';
import { Recorder } from '../recorder.ts';
import { logicalCpus } from './cpu.ts';
import { pageSize } from './memory.ts';
import type { Scraper, ScrapeTools } from './scraper.ts';

type Config = ScraperConfigs['process'];

/** Fields of /proc/<pid>/stat behind the name, the state first (proc_pid_stat(5), from field 3). */
function statFields(files: HostFiles, pid: string): string[] {
  const text = files.text(`/proc/${pid}/stat`);
  if (text === '') throw new Error('stat file is empty, process may have terminated');
  return text
    .slice(text.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
}

function statusField(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)?.[1];
}

/** Names of users by number. */
function userNames(files: HostFiles): Map<string, string> {
  const names = new Map<string, string>();
  for (const line of files.lines('/etc/passwd')) {
    const [name, , id] = line.split(':');
    if (name && id && !names.has(id)) names.set(id, name);
  }
  return names;
}

interface Seen {
  readonly user: number;
  readonly system: number;
  readonly wait: number;
  readonly atNs: bigint;
}

/** One process as it is reported. */
interface Process {
  readonly pid: string;
  readonly name: string;
  readonly stat: readonly string[];
  readonly status: string;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  readonly resource: Record<string, string | number>;
}

/** Reads /proc/PID of every process that the filters leave; each is a resource. */
export function processScraper(config: Config, tools: ScrapeTools): Scraper {
  return new ProcessScraper(config, tools);
}

class ProcessScraper implements Scraper {
  readonly #config: Config;
  readonly #tools: ScrapeTools;
  readonly #recorder: Recorder;
  readonly #bootMs: number;
  readonly #cpus: number;
  #seen = new Map<string, Seen>();

  constructor(config: Config, tools: ScrapeTools) {
    this.#config = config;
    this.#tools = tools;
    this.#recorder = new Recorder('process', config.metrics, tools.version);
    this.#bootMs = Number(tools.files.bootTime() / 1_000_000n);
    this.#cpus = Math.max(1, logicalCpus(tools.files));
  }

  scrape(builder: Parameters<Scraper['scrape']>[0], now: bigint): string[] {
    const { files } = this.#tools;
    const faults: string[] = [];
    const users = this.#users(faults);
    const seen = new Map<string, Seen>();
    const total = (files.numbers('/proc/meminfo').get('MemTotal') ?? 0) * 1024;
    for (const pid of files.list('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      const found = this.#look(pid, users, now, faults);
      if (found === undefined) continue;
      this.#measure(found, seen, total, now, faults);
      const start = BigInt(found.createdMs) * 1_000_000n;
      this.#recorder.write(builder, start, now, found.resource);
    }
    this.#seen = seen;
    return this.#config.mute_process_all_errors ? [] : faults;
  }

  #users(faults: string[]): Map<string, string> {
    try {
      return userNames(this.#tools.files);
    } catch (error) {
      faults.push(`cannot read names of users: ${(error as Error).message}`);
      return new Map();
    }
  }

  #look(
    pid: string,
    users: Map<string, string>,
    now: bigint,
    faults: string[],
  ): Process | undefined {
    const { files } = this.#tools;
    const c = this.#config;
    const read = <T>(what: string, muted: boolean, step: () => T): T | undefined => {
      try {
        return step();
      } catch (error) {
        if (!muted)
          faults.push(`error reading ${what} for pid ${pid}: ${(error as Error).message}`);
        return undefined;
      }
    };
    const path =
      read('process executable', c.mute_process_exe_error, () => files.link(`/proc/${pid}/exe`)) ??
      '';
    const words = read('command', false, () => {
      const text = files.text(`/proc/${pid}/cmdline`).replace(/\0+$/, '');
      return text === '' ? [] : text.split('\0');
    });
    const status = read('process name', c.mute_process_name_error, () =>
      files.text(`/proc/${pid}/status`),
    );
    if (status === undefined) return undefined;
    const name = nameOf(status, words ?? []);
    if (!passes(name, c.include, c.exclude)) return undefined;
    const stat = read('stat', false, () => statFields(files, pid));
    if (stat === undefined) return undefined;
    const createdMs = this.#bootMs + Math.trunc((Number(stat[19]) * 1000) / ticksPerSecond);
    if (Number(now / 1_000_000n) - createdMs < c.scrape_process_delay) return undefined;
    const uid = statusField(status, 'Uid')?.split('\t')[0] ?? '';
    const owner = users.get(uid);
    if (owner === undefined && !c.mute_process_user_error) {
      faults.push(
        `error reading username for process ${JSON.stringify(name)} (pid ${pid}): unknown userid ${uid}`,
      );
    }
    const cgroup = () =>
      read('process cgroup', c.mute_process_cgroup_error, () =>
        files.text(`/proc/${pid}/cgroup`).replace(/\n$/, ''),
      );
    const all: Record<string, string | number | undefined> = {
      'process.pid': Number(pid),
      'process.parent_pid': Number(stat[1]),
      'process.executable.name': name,
      'process.executable.path': path,
      'process.cgroup': c.resource_attributes.has('process.cgroup') ? (cgroup() ?? '') : undefined,
      'process.command': words === undefined ? undefined : (words[0] ?? ''),
      'process.command_line': words?.join(' '),
      'process.owner': owner,
    };
    const resource: Record<string, string | number> = {};
    for (const [key, value] of Object.entries(all)) {
      if (value !== undefined && c.resource_attributes.has(key)) resource[key] = value;
    }
    return { pid, name, stat, status, createdMs, resource };
  }

  #measure(
    p: Process,
    seen: Map<string, Seen>,
    total: number,
    now: bigint,
    faults: string[],
  ): void {
    const { files } = this.#tools;
    const r = this.#recorder;
    const part = (what: string, muted: boolean, step: () => void) => {
      try {
        step();
      } catch (error) {
        if (muted) return;
        const who = `process ${JSON.stringify(p.name)} (pid ${p.pid})`;
        faults.push(`error reading ${what} for ${who}: ${(error as Error).message}`);
      }
    };
    this.#cpu(p, seen, now);
    part('memory info', false, () => {
      const [size, resident] = files.text(`/proc/${p.pid}/statm`).split(' ').map(Number);
      const bytes = resident! * pageSize;
      r.add('process.memory.usage', bytes);
      r.add('process.memory.virtual', size! * pageSize);
      if (total > 0) r.add('process.memory.utilization', Math.fround((100 * bytes) / total));
    });
    part('disk usage', this.#config.mute_process_io_error, () => {
      if (!r.isOn('process.disk.io') && !r.isOn('process.disk.operations')) return;
      const io = files.numbers(`/proc/${p.pid}/io`);
      r.add('process.disk.io', io.get('rchar') ?? 0, { direction: 'read' });
      r.add('process.disk.io', io.get('wchar') ?? 0, { direction: 'write' });
      r.add('process.disk.operations', io.get('syscr') ?? 0, { direction: 'read' });
      r.add('process.disk.operations', io.get('syscw') ?? 0, { direction: 'write' });
    });
    r.add('process.paging.faults', Number(p.stat[9]), { type: 'major' });
    r.add('process.paging.faults', Number(p.stat[7]), { type: 'minor' });
    r.add('process.threads', Number(statusField(p.status, 'Threads') ?? 0));
    part('context switch counts', false, () => this.#switches(p));
    part('open file descriptor count', false, () => {
      if (!r.isOn('process.open_file_descriptors')) return;
      r.add('process.open_file_descriptors', files.list(`/proc/${p.pid}/fd`).length);
    });
    const pending = statusField(p.status, 'ShdPnd') ?? '0';
    r.add('process.signals_pending', Number(BigInt(`0x${pending.trim()}`)));
    r.add('process.uptime', (Number(now / 1_000_000n) - p.createdMs) / 1000);
  }

  #cpu(p: Process, seen: Map<string, Seen>, now: bigint): void {
    const r = this.#recorder;
    const seconds = (field: number) => Number(p.stat[field] ?? 0) / ticksPerSecond;
    const time: Seen = { user: seconds(11), system: seconds(12), wait: seconds(39), atNs: now };
    const states = ['user', 'system', 'wait'] as const;
    for (const state of states) r.add('process.cpu.time', time[state], { state });
    if (!r.isOn('process.cpu.utilization')) return;
    const before = this.#seen.get(p.pid);
    seen.set(p.pid, time);
    if (before === undefined) return;
    const elapsed = Number(now - before.atNs) / 1e9;
    for (const state of states) {
      const share = elapsed > 0 ? (time[state] - before[state]) / elapsed / this.#cpus : 0;
      r.add('process.cpu.utilization', share, { state });
    }
  }

  /** Voluntary and other switches of all threads. */
  #switches(p: Process): void {
    const r = this.#recorder;
    if (!r.isOn('process.context_switches')) return;
    const { files } = this.#tools;
    let [voluntary, involuntary] = [0, 0];
    for (const thread of files.list(`/proc/${p.pid}/task`)) {
      const status = files.text(`/proc/${p.pid}/task/${thread}/status`);
      voluntary += Number(statusField(status, 'voluntary_ctxt_switches') ?? 0);
      involuntary += Number(statusField(status, 'nonvoluntary_ctxt_switches') ?? 0);
    }
    r.add('process.context_switches', involuntary, { type: 'involuntary' });
    r.add('process.context_switches', voluntary, { type: 'voluntary' });
  }
}

/** The kernel keeps 15 characters of a name; the command line may have the rest. */
function nameOf(status: string, words: readonly string[]): string {
  const name = statusField(status, 'Name') ?? '';
  if (name.length < 15) return name;
  const full = words[0]?.split('/').at(-1) ?? '';
  return full.startsWith(name) ? full : name;
}
