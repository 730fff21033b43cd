import { existsSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Follow } from '../../agent/ebpf/follow.ts';
import {
  type KernelCounters,
  kernelCounters,
  listenerKey,
  nameKey,
  ONE,
  type ProcessEntry,
  portKey,
  processValue,
  u32,
  u64,
} from '../../agent/ebpf/maps.ts';
import type { NodeBuild } from '../../agent/ebpf/node-build.ts';
import {
  type BpfAddon,
  loadBpf,
  optionsImage,
  type ProbeHandle,
  probeObject,
} from '../../native/bpf.ts';

interface ProbeConfig {
  readonly payloadCap: number;
  readonly ringBytes: number;
  readonly onlyListed: boolean;
  readonly ports: readonly number[];
  /** Start of chain ids: see ProbeOptions.idBase. */
  readonly idBase: bigint;
}

/** Programs that are attached always. */
const PROGRAMS = ['executed', 'forked', 'exited', 'state_changed', 'entered', 'left'] as const;

const ZERO = u32(0);

/** This machine, or the rights that the program runs with, cannot do it; the message says why. */
export class UnavailableError extends Error {
  constructor(why: string) {
    super(`cannot capture system calls: ${why}`);
    this.name = 'UnavailableError';
  }
}

/** The kernel side: loaded, attached; its maps by what they mean. */
export class Probe {
  /** `probe`, or `probe-compat` where the kernel refused that. */
  readonly object: string;
  private readonly addon: BpfAddon;
  private readonly handle: ProbeHandle;
  private generation = 0;

  private constructor(addon: BpfAddon, handle: ProbeHandle, object: string) {
    this.addon = addon;
    this.handle = handle;
    this.object = object;
  }

  /** @throws UnavailableError that says what is missing */
  static open(config: ProbeConfig): Probe {
    const lacking = whyNot();
    if (lacking !== undefined) throw new UnavailableError(lacking);
    const loaded = loadBpf();
    if (loaded.addon === undefined) {
      throw new UnavailableError(`${loaded.why} (it wants clang, libbpf-dev and libelf-dev)`);
    }
    const image = optionsImage({
      idBase: config.idBase,
      ownTgid: process.pid,
      payloadCap: config.payloadCap,
      onlyListed: config.onlyListed,
      onlyPorts: config.ports.length > 0,
      wakeBytes: config.ringBytes >>> 3,
    });
    const faults: string[] = [];
    for (const name of ['probe', 'probe-compat'] as const) {
      const object = probeObject(name);
      if (object === undefined) {
        faults.push(`native/build/${name}.bpf.o does not exist; clang makes it at set-up`);
        continue;
      }
      try {
        const handle = loaded.addon.open(object, image, config.ringBytes);
        const probe = new Probe(loaded.addon, handle, name);
        for (const port of config.ports) probe.set('ports', portKey(port), ONE);
        return probe;
      } catch (error) {
        faults.push(lastLines((error as Error).message));
      }
    }
    throw new UnavailableError(faults.join('; '));
  }

  /**
   * Starts to capture; lists are filled before.
   * @throws UnavailableError naming what cannot be attached
   */
  attach(): void {
    this.renew();
    try {
      for (const program of PROGRAMS) this.addon.attach(this.handle, program);
    } catch (error) {
      throw new UnavailableError((error as Error).message);
    }
  }

  /** What the kernel side knows of processes and cgroups is read anew by their threads. */
  renew(): void {
    this.generation++;
    this.set('settings', ZERO, u32(this.generation));
  }

  listName(name: string): void {
    this.set('names', nameKey(name), ONE);
  }

  listCgroup(id: bigint): void {
    this.set('cgroups', u64(id), ONE);
  }

  setListener(networkNamespace: number, port: number): void {
    this.set('listeners', listenerKey(networkNamespace, port), ONE);
  }

  /** What the kernel side knows of a process: told, or copied from its parent. */
  processOf(pid: number): ProcessEntry | undefined {
    const value = new Uint8Array(8);
    if (!this.addon.mapGet(this.handle, 'processes', u32(pid), value)) return undefined;
    return { capture: value[0] === 1, follow: value[1] as Follow, own: value[3] === 1 };
  }

  setProcess(pid: number, entry: ProcessEntry): void {
    this.set('processes', u32(pid), processValue(entry));
  }

  /** Attaches the two uprobes of Node to a process. @returns links for `detach` */
  attachNode(pid: number, path: string, build: NodeBuild): number[] {
    const { addon, handle } = this;
    const first = addon.attachUprobe(handle, 'node_callback', path, build.callbackOffset, pid);
    try {
      return [first, addon.attachUprobe(handle, 'node_reset', path, build.resetOffset, pid)];
    } catch (error) {
      void addon.detach(handle, Int32Array.of(first));
      throw error;
    }
  }

  /** @returns settles when the kernel is done with them */
  async detach(links: readonly number[]): Promise<void> {
    if (links.length > 0) await this.addon.detach(this.handle, Int32Array.from(links));
  }

  /** Moves records to `out`. @returns their bytes */
  drain(out: Uint8Array): number {
    return this.addon.drain(this.handle, out);
  }

  /** Calls when records should be drained sooner than anyway, until `close`. */
  onWake(call: () => void): void {
    this.addon.onWake(this.handle, call);
  }

  /** Clock that the times of records are of, nanoseconds. */
  monotonicNs(): bigint {
    return process.hrtime.bigint();
  }

  /** Wall clock minus monotonic clock, nanoseconds. */
  clockOffset(): bigint {
    return this.addon.clockOffset();
  }

  counters(): KernelCounters {
    const value = new Uint8Array(this.addon.valueBytes(this.handle, 'scratches'));
    this.addon.mapGet(this.handle, 'scratches', ZERO, value);
    return kernelCounters(value, Math.max(1, possibleProcessors(value.length)));
  }

  /** Counts run times from now on. */
  measure(): void {
    this.addon.measure();
  }

  /** Runs and nanoseconds of each program. */
  programs(): { readonly name: string; readonly runs: number; readonly ns: number }[] {
    const list = this.addon.programs(this.handle);
    const out = [];
    for (let i = 0; i + 2 < list.length; i += 3) {
      out.push({ name: String(list[i]), runs: Number(list[i + 1]), ns: Number(list[i + 2]) });
    }
    return out;
  }

  close(): void {
    this.addon.close(this.handle);
  }

  private set(map: string, key: Uint8Array, value: Uint8Array): void {
    this.addon.mapSet(this.handle, map, key, value);
  }
}

/** Bytes of `struct scratch` in native/bpf/maps.h. */
const SCRATCH_BYTES = 40 + 128 + 8192;

function possibleProcessors(bytes: number): number {
  return bytes % SCRATCH_BYTES === 0 ? bytes / SCRATCH_BYTES : cpus().length;
}

/** Why this machine cannot capture system calls; undefined = it seems to be able to. */
export function whyNot(): string | undefined {
  if (process.platform !== 'linux') return `${process.platform} has no eBPF`;
  if (!existsSync('/sys/kernel/btf/vmlinux')) {
    return 'the kernel has no type information (/sys/kernel/btf/vmlinux, CONFIG_DEBUG_INFO_BTF)';
  }
  if (process.getuid?.() !== 0) return 'it needs root (CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE)';
  return undefined;
}

/** Folder of the cgroup v2 tree. */
export function cgroupRoot(): string | undefined {
  const roots = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'];
  return roots.find((root) => existsSync(join(root, 'cgroup.procs')));
}

/** A cgroup: its path in the tree, and its id, the inode of its folder. */
export interface Cgroup {
  readonly path: string;
  readonly id: bigint;
}

/**
 * Finds a cgroup.
 * @param text its path in the cgroup v2 tree, or that of its folder
 * @throws Error when there is none
 */
export function findCgroup(text: string): Cgroup {
  const root = cgroupRoot();
  if (root === undefined) throw new Error('cannot find the cgroup v2 tree below /sys/fs/cgroup');
  const inner = text === root || text.startsWith(`${root}/`) ? text.slice(root.length) : text;
  const path = `/${inner.split('/').filter(Boolean).join('/')}`;
  try {
    return { path, id: statSync(join(root, path), { bigint: true }).ino };
  } catch (cause) {
    throw new Error(`cannot find cgroup ${JSON.stringify(text)} in ${root}`, { cause });
  }
}

/** The end of a load's log: the verifier's last words. */
function lastLines(text: string): string {
  const lines = text.trim().split('\n');
  return lines.length > 6 ? [lines[0], ...lines.slice(-5)].join(' | ') : lines.join(' | ');
}
