import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { Settings } from '../../../component/settings.ts';
import type { FileDiscoveryConfig } from '../config/discovery.ts';
import type { TargetGroup } from '../target.ts';
import type { Discoverer } from './discoverer.ts';
import { groupOf, readGroups } from './groups.ts';
import { refreshing } from './refreshing.ts';

/** Time after which files are read again, at most: none are watched. */
const lookMs = 5000;

/** Targets listed in files; one that cannot be read keeps those that it had. */
export function fileDiscoverer(settings: Settings, config: FileDiscoveryConfig): Discoverer {
  const known = new Map<string, readonly TargetGroup[]>();
  const lookUp = async (): Promise<readonly TargetGroup[]> => {
    const paths = (await Promise.all(config.files.map(pathsOf))).flat();
    for (const path of [...known.keys()]) if (!paths.includes(path)) known.delete(path);
    for (const path of paths) {
      try {
        known.set(path, await groupsIn(path));
      } catch (error) {
        const message = (error as Error).message;
        settings.logger.error('Error reading file', { path, error: message });
      }
    }
    return [...known.values()].flat();
  };
  const intervalMs = Math.min(lookMs, config.refresh_interval);
  return refreshing(settings, 'file', intervalMs, lookUp);
}

async function groupsIn(path: string): Promise<readonly TargetGroup[]> {
  const text = await readFile(path, 'utf8');
  const value: unknown = /\.json$/i.test(path) ? JSON.parse(text) : parse(text);
  const groups = readGroups(value ?? []);
  return groups.map((one, i) => groupOf(one, `${path}:${i}`, { __meta_filepath: path }));
}

/** Files that a name with `*` in its last part stands for. */
async function pathsOf(name: string): Promise<string[]> {
  if (!name.includes('*')) return [name];
  const pattern = basename(name)
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^/]*');
  const regexp = new RegExp(`^${pattern}$`);
  const names = await readdir(dirname(name)).catch(() => []);
  return names.filter((one) => regexp.test(one)).map((one) => join(dirname(name), one));
}
