import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../../../component/settings.ts';
import type { ScraperConfigs } from '../config.ts';
import { passes } from '../filter.ts';
import type { HostFiles } from '../proc.ts';
import { Recorder } from '../recorder.ts';
import type { Scraper, ScrapeTools } from './scraper.ts';

interface Mount {
  readonly device: string;
  readonly mountPoint: string;
  readonly type: string;
  readonly mode: string;
}

/** Undoes `\040` and the like. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 8)),
  );
}

function mountLines(files: HostFiles): string[] {
  try {
    return files.lines('/proc/1/mountinfo');
  } catch {
    return files.lines('/proc/self/mountinfo');
  }
}

/**
 * Mounts of mountinfo (proc_pid_mountinfo(5)).
 * @param all also those without a device, and directories that are mounted a second time
 */
function mounts(files: HostFiles, all: boolean): Mount[] {
  const found: Mount[] = [];
  const devices = new Map<string, string>();
  for (const line of mountLines(files)) {
    const [front, back] = line.split(' - ');
    if (back === undefined) continue;
    const [, , numbers = '', root = '', mountPoint = '', options = ''] = front!.split(' ');
    const [type = '', source = '', superOptions = ''] = back.split(' ');
    const stored = source.startsWith('/');
    if (!all && !stored) continue;
    const own = stored || root === '/' ? source : root;
    const device = devices.get(numbers) ?? own;
    devices.set(numbers, device);
    if (!all && root !== '/') continue;
    const lists = [options.split(','), superOptions.split(',')];
    const readOnly = lists.some((list) => list.includes('ro'));
    const mode = readOnly ? 'ro' : lists[0]!.includes('rw') ? 'rw' : 'unknown';
    found.push({
      device: deviceName(files, unescapeOctal(device), numbers),
      mountPoint: unescapeOctal(mountPoint),
      type,
      mode,
    });
  }
  return found;
}

/** Names behind /dev/mapper links, and of /dev/root. */
function deviceName(files: HostFiles, source: string, numbers: string): string {
  try {
    if (source.startsWith('/dev/mapper/')) {
      return `/dev/${files.link(source).split('/').at(-1)!}`;
    }
    if (source === '/dev/root') {
      return `/dev/${files.link(`/sys/dev/block/${numbers}`).split('/').at(-1)!}`;
    }
  } catch {
    // the name that the kernel gives is good enough
  }
  return source;
}

/** Milliseconds after which a file system that does not answer is given up. */
const answerMs = 5000;

async function inTime<T>(answer: Promise<T>, clock: Clock): Promise<T> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = clock.after(answerMs, () => reject(new Error(`no answer in ${answerMs} ms`)));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    timer?.cancel();
  }
}

/**
 * Reads mounts and asks each for its space. @param root where the host's root is mounted, '' =
 * here
 */
export function filesystemScraper(
  config: ScraperConfigs['filesystem'],
  tools: ScrapeTools,
  root: string,
): Scraper {
  const { files, clock } = tools;
  const r = new Recorder('filesystem', config.metrics, tools.version);
  const start = files.bootTime();
  const wanted = ({ device, type, mountPoint }: Mount) =>
    passes(device, config.include_devices, config.exclude_devices) &&
    passes(type, config.include_fs_types, config.exclude_fs_types) &&
    passes(mountPoint, config.include_mount_points, config.exclude_mount_points);
  const usage = async (mount: Mount): Promise<void> => {
    const path = root === '' ? mount.mountPoint : join(root, mount.mountPoint);
    const s = await inTime(statfs(path), clock);
    const { device, mode, mountPoint, type } = mount;
    const attributes = { device, mode, mountpoint: mountPoint, type };
    const used = (s.blocks - s.bfree) * s.bsize;
    const free = s.bavail * s.bsize;
    const reserved = s.blocks * s.bsize - used - free;
    const inodes = s.files < s.ffree ? 0 : s.files - s.ffree;
    for (const [state, value] of Object.entries({ used, free, reserved })) {
      r.add('system.filesystem.usage', value, { ...attributes, state });
    }
    r.add(
      'system.filesystem.utilization',
      used + free === 0 ? 0 : used / (used + free),
      attributes,
    );
    r.add('system.filesystem.inodes.usage', inodes, { ...attributes, state: 'used' });
    r.add('system.filesystem.inodes.usage', s.ffree, { ...attributes, state: 'free' });
  };
  return {
    async scrape(builder, now) {
      const faults: string[] = [];
      const seen = new Set<string>();
      for (const mount of mounts(files, config.include_virtual_filesystems)) {
        const key = `${mount.mountPoint}\0${mount.device}`;
        if (seen.has(key)) continue;
        seen.add(key);
        if (!wanted(mount)) continue;
        try {
          await usage(mount);
        } catch (error) {
          faults.push(`failed to read usage at ${mount.mountPoint}: ${(error as Error).message}`);
        }
      }
      r.write(builder, start, now);
      return faults;
    },
  };
}
