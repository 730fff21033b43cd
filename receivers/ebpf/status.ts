import { protocolNames } from '../../agent/l7/registry.ts';
import type { StatusLine } from '../../agent/status.ts';
import { loadBpf, probeObject } from '../../native/bpf.ts';
import { config } from './config.ts';
import { openProbe } from './open.ts';
import { cgroupRoot, type Probe, whyNot } from './probe.ts';
import { nodeStates } from './targets.ts';

/**
 * What the ebpf receiver can do on this machine now: it is tried out. The programs are loaded and
 * attached for a moment to a list that no process is on.
 */
export async function ebpfStatus(): Promise<StatusLine[]> {
  const lines: StatusLine[] = [];
  const add = (name: string, on: boolean, detail: string) => void lines.push({ name, on, detail });
  const loaded = loadBpf();
  add(
    'eBPF addon',
    loaded.addon !== undefined,
    loaded.addon ? 'loaded' : `${loaded.why}; ${BUILD}`,
  );
  const objects = (['probe', 'probe-compat'] as const).filter((n) => probeObject(n) !== undefined);
  add(
    'eBPF programs',
    objects.length > 0,
    objects.length > 0 ? `built: ${objects.join(', ')}` : BUILD,
  );
  const lacking = whyNot();
  add('kernel', lacking === undefined, lacking ?? 'type information is there, and rights are');
  const root = cgroupRoot();
  add('cgroups', root !== undefined, root ?? 'no cgroup v2 tree: allow.cgroups cannot be used');
  const fault = tryOut();
  add('system calls', fault === undefined, fault ?? `attached: ${SYSCALLS}; ${PROTOCOLS}`);
  for (const { pid, executable, why } of fault === undefined ? await nodeStates() : []) {
    add(`async ids of node ${pid}`, why === '', why === '' ? executable : `${executable}: ${why}`);
  }
  return lines;
}

const BUILD = 'apt install clang llvm libbpf-dev libelf-dev zlib1g-dev, then node native/build.mjs';
const SYSCALLS = 'sys_enter, sys_exit, exec, fork, exit, inet_sock_set_state';
const PROTOCOLS = `protocols: ${protocolNames.join(', ')}`;

/** @returns why system calls cannot be captured; undefined = they can */
function tryOut(): string | undefined {
  let probe: Probe | undefined;
  try {
    // No process has this id: the highest that Linux gives is 2^22.
    const keys = config.parse({ allow: { processes: [2 ** 30] }, ring_size: 1 << 16 });
    probe = openProbe(keys, Date.now());
    probe.attach();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    probe?.close();
  }
}
