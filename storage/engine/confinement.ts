import { lchownSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { confineProgram } from '../../native/index.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** User id of the engine when it is started by root on a data folder of root's. */
const ownUser = 61_843;

const interpreters: Readonly<Record<string, string>> = {
  x64: '/lib64/ld-linux-x86-64.so.2',
  arm64: '/lib/ld-linux-aarch64.so.1',
};

const readable = [
  '/lib',
  '/lib64',
  '/usr/lib',
  '/usr/lib64',
  '/etc/ld.so.cache',
  '/etc/hosts',
  '/etc/nsswitch.conf',
  '/etc/localtime',
  '/usr/share/zoneinfo',
  '/proc/self',
  '/proc/meminfo',
  '/proc/stat',
  '/proc/cpuinfo',
  '/proc/version',
  '/proc/sys/vm',
  '/proc/sys/kernel',
  '/sys/fs/cgroup',
  '/sys/devices/system',
  '/dev/urandom',
  '/dev/random',
];

interface ConfinedCommand {
  readonly command: string;
  readonly args: readonly string[];
  /** What could not be done, in words. */
  readonly warnings: readonly string[];
}

/** Whether any user can reach `path`; returns the folder that closes the way. */
function blockedAt(path: string): string | undefined {
  for (let at = dirname(realpathSync(path)); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return at;
    if (at === dirname(at)) return undefined;
  }
}

function ownTree(path: string, uid: number): void {
  lchownSync(path, uid, uid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name);
    if (entry.isDirectory()) ownTree(child, uid);
    else lchownSync(child, uid, uid);
  }
}

function userArguments(path: string, node: string, warnings: string[]): string[] {
  if (process.getuid?.() !== 0) return [];
  const owner = statSync(path).uid;
  const uid = owner === 0 ? ownUser : owner;
  const blocked = [path, node, root, join(root, 'node_modules/chdb')]
    .map(blockedAt)
    .find((folder) => folder !== undefined);
  if (blocked !== undefined) {
    warnings.push(`the engine runs as root: other users cannot reach ${blocked}`);
    return [];
  }
  ownTree(path, uid);
  return ['--uid', String(uid), '--gid', String(uid)];
}

/**
 * The command that runs `entry` with this Node where it can write only below `path`, read only
 * itself and the system's libraries, open no connection and listen only at `port` (-1: nowhere).
 * Without the confine program it is plain Node, and a warning says so.
 */
export function confinedCommand(
  path: string,
  port: number,
  entry: string,
  node = process.execPath,
): ConfinedCommand {
  mkdirSync(path, { recursive: true });
  const nodeArgs = ['--disable-warning=ExperimentalWarning', entry];
  const confine = confineProgram();
  if (confine.path === undefined) {
    const why = `the engine is not confined below SQL: ${confine.why}`;
    return { command: node, args: nodeArgs, warnings: [why] };
  }
  const warnings: string[] = [];
  const args = ['--rw', realpathSync(path), '--exec', realpathSync(node)];
  const interpreter = interpreters[process.arch];
  if (interpreter !== undefined) args.push('--exec', interpreter);
  for (const file of readable) args.push('--ro', file);
  for (const name of ['node_modules', 'storage', 'wire', 'native', 'package.json']) {
    args.push('--ro', join(root, name));
  }
  if (port >= 0) args.push('--bind', String(port));
  args.push(...userArguments(path, node, warnings));
  args.push('--nofile', '65536', '--core', '0', '--parent', String(process.pid));
  return { command: confine.path, args: [...args, '--', node, ...nodeArgs], warnings };
}
