import { cleanText } from './text.ts';

/** What the cgroup of a process tells. */
export interface CgroupFacts {
  /** Path in the cgroup v2 tree, else in that of systemd, else of any controller; '' = the root. */
  readonly path: string;
  /** 64 hex digits, '' = not in a container. */
  readonly containerId: string;
  /** As Kubernetes writes it, with `-`; '' = not in a pod. */
  readonly podUid: string;
  /** Systemd service without `.service`; '' = none, or the process is in a container. */
  readonly unit: string;
}

/** Docker, containerd, CRI-O, podman and kubelet all name the cgroup after the container. */
const container = /(?:^|[-:])([0-9a-f]{64})(?:\.scope|\.service)?$/;
/** The process beside a container, which watches it. */
const monitor = /(?:^|-)conmon-/;
const pod =
  /pod([0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$/;
/** Not a service of its own: it holds all that a user starts. */
const userManager = /^user@\d+$/;

/**
 * Reads `/proc/PID/cgroup`: lines `number:controllers:path`, of both versions. The innermost
 * container counts.
 */
export function parseCgroup(text: string): CgroupFacts {
  let unified = '';
  let systemd = '';
  let other = '';
  let containerId = '';
  let podUid = '';
  for (const line of text.split('\n')) {
    const first = line.indexOf(':');
    const second = line.indexOf(':', first + 1);
    if (first === -1 || second === -1) continue;
    const controllers = line.slice(first + 1, second);
    const path = line.slice(second + 1);
    if (controllers === '') unified = path;
    else if (controllers === 'name=systemd') systemd = path;
    else if (other.length <= 1) other = path;
    containerId ||= containerOf(path);
    podUid ||= podOf(path);
  }
  const path = [unified, systemd, other].find((p) => p.length > 1) ?? '';
  const unit = containerId === '' ? unitOf(unified) || unitOf(systemd) : '';
  return { path: cleanText(path, 1024), containerId, podUid, unit };
}

function containerOf(path: string): string {
  const parts = path.split('/');
  for (const part of parts.toReversed()) {
    const id = container.exec(part)?.[1];
    if (id !== undefined) return monitor.test(part) ? '' : id;
  }
  return '';
}

function podOf(path: string): string {
  for (const part of path.split('/')) {
    const uid = pod.exec(part)?.[1];
    if (uid !== undefined) return uid.replaceAll('_', '-');
  }
  return '';
}

function unitOf(path: string): string {
  for (const part of path.split('/').toReversed()) {
    if (!part.endsWith('.service')) continue;
    const unit = unescapeUnit(part.slice(0, -'.service'.length));
    return userManager.test(unit) ? '' : cleanText(unit, 256);
  }
  return '';
}

/** Systemd writes characters that a unit name may not have as `\xHH`. */
function unescapeUnit(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
