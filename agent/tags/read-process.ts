import { type CgroupFacts, parseCgroup } from './cgroup.ts';
import { hasSection } from './elf.ts';
import { type OtelEnvironment, parseEnvironment } from './environment.ts';
import type { HostFiles } from './files.ts';
import { interpreterOf, type Runtime } from './runtime.ts';
import { type ProcessStat, parseStat } from './stat.ts';
import { baseName, cleanText, textOf } from './text.ts';

/** What /proc tells of a process. The arguments are as they are: redact them before they leave. */
export interface ProcessFacts {
  readonly pid: number;
  readonly stat: ProcessStat;
  /** Path of the executable, '' = not allowed to see it, or a thread of the kernel. */
  readonly executable: string;
  /** Name that the executable was started by, where it is another: a link's. '' = none such. */
  readonly calledAs: string;
  readonly args: readonly string[];
  /** Working directory; '' = not known. */
  readonly folder: string;
  readonly environment: OtelEnvironment;
  readonly cgroup: CgroupFacts;
  /** Inode; 0 = not known. */
  readonly networkNamespace: number;
  readonly runtime: Runtime;
}

const MAX_STAT = 4096;
const MAX_ARGUMENTS = 64 * 1024;
const MAX_ENVIRONMENT = 512 * 1024;
const MAX_CGROUP = 16 * 1024;
/** Bytes of the kernel's name of a process. */
const KERNEL_NAME = 15;
const GO = '.go.buildinfo';

/** The state of a process; undefined when there is none with this pid. */
export function readStat(files: HostFiles, proc: string, pid: number): ProcessStat | undefined {
  const bytes = files.bytes(`${proc}/${pid}/stat`, MAX_STAT);
  const stat = bytes === undefined ? undefined : parseStat(textOf(bytes));
  return stat === undefined || stat.zombie ? undefined : stat;
}

/** Path of the executable without the mark of a file that was replaced; '' = not known. */
export function readExecutable(files: HostFiles, proc: string, pid: number): string {
  return (files.link(`${proc}/${pid}/exe`) ?? '').replace(/ \(deleted\)$/, '');
}

/** Inode of the network namespace, 0 = not known. */
export function readNetworkNamespace(files: HostFiles, proc: string, pid: number): number {
  return Number(/^net:\[(\d+)\]$/.exec(files.link(`${proc}/${pid}/ns/net`) ?? '')?.[1] ?? 0);
}

/**
 * Reads a process; undefined when it is gone, also when it went while it was read.
 * @param proc where procfs is mounted, without a slash at the end
 */
export function readProcess(files: HostFiles, proc: string, pid: number): ProcessFacts | undefined {
  const stat = readStat(files, proc, pid);
  if (stat === undefined) return undefined;
  const own = `${proc}/${pid}`;
  const executable = readExecutable(files, proc, pid);
  const args = splitArguments(files.bytes(`${own}/cmdline`, MAX_ARGUMENTS));
  const environment = parseEnvironment(
    files.bytes(`${own}/environ`, MAX_ENVIRONMENT) ?? new Uint8Array(0),
  );
  const cgroup = parseCgroup(textOf(files.bytes(`${own}/cgroup`, MAX_CGROUP) ?? new Uint8Array(0)));
  const folder = files.link(`${own}/cwd`) ?? '';
  const calledAs = nameCalledBy(files, own, { executable, folder, title: args[0] ?? '', stat });
  const facts: ProcessFacts = {
    pid,
    stat,
    executable: cleanText(executable, 1024),
    calledAs: cleanText(calledAs, 256),
    args,
    folder: cleanText(folder, 1024),
    environment,
    cgroup,
    networkNamespace: readNetworkNamespace(files, proc, pid),
    runtime: runtimeOf(files, own, executable, calledAs),
  };
  return readStat(files, proc, pid)?.startTicks === stat.startTicks ? facts : undefined;
}

function splitArguments(bytes: Uint8Array | undefined): string[] {
  if (bytes === undefined || bytes.length === 0) return [];
  const args = textOf(bytes).split('\0');
  if (args.at(-1) === '') args.pop();
  return args;
}

/**
 * The name in the first argument, where it is not the executable's and not just what a program
 * wrote there: the kernel has the same name, or the path leads to the executable.
 */
function nameCalledBy(
  files: HostFiles,
  own: string,
  process: { executable: string; folder: string; title: string; stat: ProcessStat },
): string {
  const { executable, folder, title, stat } = process;
  if (executable === '') return '';
  // Redis writes its address behind its name; `nginx: worker` is a title.
  const path = title.split(' ', 1)[0]!;
  const name = baseName(path);
  if (name === '' || name.endsWith(':') || name === baseName(executable)) return '';
  if (textOf(Buffer.from(name).subarray(0, KERNEL_NAME)) === stat.name) return name;
  if (!path.includes('/')) return '';
  const inode = files.inode(`${own}/root${path.startsWith('/') ? path : `${folder}/${path}`}`);
  return inode !== undefined && inode === files.inode(`${own}/exe`) ? name : '';
}

function runtimeOf(files: HostFiles, own: string, executable: string, calledAs: string): Runtime {
  const interpreter = interpreterOf(baseName(executable));
  if (interpreter !== 'native' || executable === '') return interpreter;
  // The shell of busybox; other names of interpreters are lent too often.
  if (interpreterOf(calledAs) === 'shell') return 'shell';
  return hasSection(files, `${own}/exe`, GO) ? 'go' : 'native';
}
