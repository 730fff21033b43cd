import { open, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { Follow, followOf } from '../../agent/ebpf/follow.ts';
import type { ProcessEntry } from '../../agent/ebpf/maps.ts';
import type { NodeBuildResult } from '../../agent/ebpf/node-build.ts';
import { readNodeBuild } from '../../agent/ebpf/node-build.ts';
import type { Logger } from '../../component/settings.ts';
import type { Probe } from './probe.ts';

/** Executables whose build is remembered. */
const MAX_BUILDS = 256;
/** Node processes that have uprobes at once: each takes two links of the addon. */
const MAX_NODES = 200;

interface TargetsOptions {
  /** Names of executables and process ids that are captured. */
  readonly listed: readonly (string | number)[];
  /** Paths in the cgroup v2 tree whose processes are. Both lists empty: all are. */
  readonly cgroups: readonly string[];
  readonly nodeAsync: boolean;
  readonly logger: Logger;
}

/** A Node process, and whether its async ids are followed. */
export interface NodeTarget {
  readonly pid: number;
  readonly executable: string;
  readonly links: readonly number[];
  /** '' = they are. */
  readonly why: string;
}

/** Looks at processes: which are listed, and how chains of work are followed in them. */
export class Targets {
  readonly nodes = new Map<number, NodeTarget>();
  private readonly probe: Probe;
  private readonly options: TargetsOptions;
  private readonly names: ReadonlySet<string>;
  private readonly pids: ReadonlySet<number>;
  private readonly builds = new Map<string, Promise<NodeBuildResult>>();
  /** Processes that the kernel side was told of, and how they are followed. */
  private readonly known = new Map<number, Follow>();
  /** Looks that are under way, by process. */
  private readonly pending = new Map<number, Promise<void>>();
  /** Uprobes that the kernel is taking away. */
  private readonly detaching = new Set<Promise<void>>();
  private closed = false;
  /** Processes that this program had started before the kernel side could see it. */
  private own: ReadonlySet<number> = new Set();

  constructor(probe: Probe, options: TargetsOptions) {
    this.probe = probe;
    this.options = options;
    this.names = new Set(options.listed.filter((n) => typeof n === 'string'));
    this.pids = new Set(options.listed.filter((n) => typeof n === 'number'));
    for (const name of this.names) probe.listName(name);
  }

  /** Looks at every process there is. */
  async scan(): Promise<void> {
    const entries = await readdir('/proc');
    this.own = await descendants(entries);
    for (const pid of this.own) {
      if (this.probe.processOf(pid) === undefined)
        this.tell(pid, { capture: false, follow: Follow.blocking });
    }
    for (const entry of entries) {
      const pid = Number(entry);
      if (Number.isInteger(pid) && pid !== process.pid) await this.look(pid, false);
    }
    this.probe.renew();
  }

  /** A process runs another program. */
  began(pid: number): void {
    this.drop(pid);
    this.later(pid, () => this.look(pid, true));
  }

  /** A process made another: the kernel side copied what it knew by then. */
  forked(parent: number, child: number): void {
    const before = this.pending.get(parent);
    if (before === undefined && !this.known.has(parent)) return;
    this.later(child, async () => {
      await before;
      // The child may have been made before the parent was looked at.
      const follow = this.known.get(parent);
      if (follow === undefined || this.probe.processOf(child)?.follow === follow) return false;
      return this.look(child, true);
    });
  }

  ended(pid: number): void {
    this.drop(pid);
  }

  /** Waits for the looks that are under way. */
  async settled(): Promise<void> {
    await Promise.all(this.pending.values());
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.settled();
    for (const pid of [...this.nodes.keys()]) this.drop(pid);
    await Promise.all(this.detaching);
  }

  private later(pid: number, look: () => Promise<boolean>): void {
    const looking = look()
      .then((changed) => {
        if (changed && !this.closed) this.probe.renew();
      })
      .catch((error: unknown) => {
        // It may have ended meanwhile.
        this.options.logger.debug('cannot look at a process', { pid, error: String(error) });
      })
      .then(() => {
        if (this.pending.get(pid) === looking) this.pending.delete(pid);
      });
    this.pending.set(pid, looking);
  }

  private drop(pid: number): void {
    this.known.delete(pid);
    const node = this.nodes.get(pid);
    if (node === undefined) return;
    this.nodes.delete(pid);
    const detaching = this.probe.detach(node.links).finally(() => this.detaching.delete(detaching));
    this.detaching.add(detaching);
  }

  /**
   * @param captured the kernel side told of it, so it is captured
   * @returns whether the kernel side was told something
   */
  private async look(pid: number, captured: boolean): Promise<boolean> {
    const executable = await readlink(`/proc/${pid}/exe`).catch(() => '');
    if (executable === '' || this.closed) return false;
    const name = executable.slice(executable.lastIndexOf('/') + 1);
    const entry = this.probe.processOf(pid);
    const capture = this.pids.has(pid) || this.names.has(name) || entry?.capture === true;
    if (!capture && !captured && !(await this.isInListedCgroup(pid))) return false;
    const follow = followOf(executable);
    if (follow === Follow.node) return this.lookAtNode(pid, executable, capture);
    if (!capture && follow === Follow.blocking) return false;
    this.tell(pid, { capture, follow });
    return true;
  }

  private async isInListedCgroup(pid: number): Promise<boolean> {
    const { listed, cgroups } = this.options;
    if (listed.length === 0 && cgroups.length === 0) return !this.own.has(pid);
    if (cgroups.length === 0) return false;
    const text = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
    const path = /^0::(.*)$/m.exec(text)?.[1];
    return cgroups.some((group) => path === group || path?.startsWith(`${group}/`));
  }

  private async lookAtNode(pid: number, executable: string, capture: boolean): Promise<boolean> {
    const found = await this.nodeBuild(pid, executable);
    if (this.closed) return false;
    const known = 'build' in found;
    let links: number[] = [];
    let why = known ? '' : found.why;
    if (known) {
      try {
        links = this.probe.attachNode(pid, `/proc/${pid}/exe`, found.build);
      } catch (error) {
        why = (error as Error).message;
      }
    }
    this.nodes.set(pid, { pid, executable, links, why });
    if (why === '' && known) {
      const { contextRegister, fieldsOffset } = found.build;
      this.tell(pid, { capture, follow: Follow.node, contextRegister, fieldsOffset });
    } else {
      this.options.logger.debug('async ids of a Node process are not followed', { pid, why });
      this.tell(pid, { capture, follow: Follow.nothing });
    }
    return true;
  }

  private tell(pid: number, entry: ProcessEntry): void {
    const own = this.own.has(pid) || this.probe.processOf(pid)?.own === true;
    this.probe.setProcess(pid, { ...entry, own });
    this.known.set(pid, entry.follow);
  }

  private async nodeBuild(pid: number, executable: string): Promise<NodeBuildResult> {
    if (!this.options.nodeAsync) return { why: 'switched off by node_async' };
    if (this.nodes.size >= MAX_NODES) return { why: `${MAX_NODES} others are followed` };
    const path = `/proc/${pid}/exe`;
    const { dev, ino, mtimeMs, size } = await stat(path);
    const key = `${dev} ${ino} ${mtimeMs} ${size}`;
    const known = this.builds.get(key);
    if (known !== undefined) return known;
    if (this.builds.size >= MAX_BUILDS) this.builds.clear();
    const reading = readBuild(path).catch((error: unknown) => ({
      why: `cannot read ${executable}: ${String(error)}`,
    }));
    this.builds.set(key, reading);
    return reading;
  }
}

/** Processes that descend from this one. @param entries names in /proc */
async function descendants(entries: readonly string[]): Promise<Set<number>> {
  const parents = new Map<number, number>();
  for (const entry of entries) {
    if (!/^[0-9]+$/.test(entry)) continue;
    const text = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
    // pid (name) state parent: the name may hold spaces and parentheses.
    const parent = Number(
      text
        .slice(text.lastIndexOf(')') + 1)
        .trim()
        .split(' ')[1],
    );
    if (parent > 0) parents.set(Number(entry), parent);
  }
  const found = new Set<number>();
  for (const pid of parents.keys()) {
    let at: number | undefined = pid;
    for (let depth = 0; at !== undefined && at !== process.pid && depth < 64; depth++) {
      at = parents.get(at);
    }
    if (at === process.pid && pid !== process.pid) found.add(pid);
  }
  return found;
}

async function readBuild(path: string): Promise<NodeBuildResult> {
  const file = await open(path);
  try {
    return await readNodeBuild(async (offset, length) => {
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await file.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    });
  } finally {
    await file.close();
  }
}

/** Node processes of this machine, and why their async ids cannot be followed ('' = they can). */
export async function nodeStates(): Promise<
  { readonly pid: number; readonly executable: string; readonly why: string }[]
> {
  const states = [];
  const builds = new Map<string, NodeBuildResult>();
  for (const entry of await readdir('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const executable = await readlink(`/proc/${pid}/exe`).catch(() => '');
    if (executable === '' || followOf(executable) !== Follow.node) continue;
    let build = builds.get(executable);
    build ??= await readBuild(`/proc/${pid}/exe`).catch((error: unknown) => ({
      why: String(error),
    }));
    builds.set(executable, build);
    states.push({ pid, executable, why: 'why' in build ? build.why : '' });
  }
  return states;
}
