import { fstatSync, readFileSync, realpathSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { FileLogConfig } from './config.ts';

/** Names by number of a file like /etc/passwd. */
function names(file: string): Map<number, string> {
  const found = new Map<number, string>();
  try {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const [name, , id] = line.split(':');
      if (name && id && /^\d+$/.test(id) && !found.has(Number(id))) found.set(Number(id), name);
    }
  } catch {
    // without the file there are no names
  }
  return found;
}

/**
 * The attributes that a file's path and owner give, as the configuration asks for.
 * @throws Error when a link or an owner cannot be resolved
 */
export function fileAttributes(
  path: string,
  fd: number,
  config: FileLogConfig,
): Map<string, string> {
  const found = new Map<string, string>();
  if (config.include_file_name) found.set('log.file.name', basename(path));
  if (config.include_file_path) found.set('log.file.path', path);
  const owner = config.include_file_owner_name;
  const group = config.include_file_owner_group_name;
  if (owner || group || config.include_file_permissions) {
    const stat = fstatSync(fd);
    if (owner) found.set('log.file.owner.name', nameOf('/etc/passwd', stat.uid, 'user'));
    if (group) found.set('log.file.owner.group.name', nameOf('/etc/group', stat.gid, 'group'));
    if (config.include_file_permissions) {
      const mode = (stat.mode & 0o777).toString(8).padStart(3, '0');
      found.set('log.file.permissions', mode);
    }
  }
  if (config.include_file_name_resolved || config.include_file_path_resolved) {
    const real = resolve(realpathSync(path));
    if (config.include_file_name_resolved) found.set('log.file.name_resolved', basename(real));
    if (config.include_file_path_resolved) found.set('log.file.path_resolved', real);
  }
  return found;
}

function nameOf(file: string, id: number, what: string): string {
  const name = names(file).get(id);
  if (name === undefined) throw new Error(`resolve file owner: ${what}: unknown id ${id}`);
  return name;
}
