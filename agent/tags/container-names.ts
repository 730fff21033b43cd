import type { HostFiles } from './files.ts';
import { cleanText, textOf } from './text.ts';

/** Where container runtimes keep what they know, below the root of the machine. */
const DOCKER = 'var/lib/docker/containers';
const PODMAN = 'var/lib/containers/storage/overlay-containers/containers.json';
const MAX_FILE = 1 << 20;

const idPattern = /^[0-9a-f]{64}$/;

/**
 * Name of a container as people gave it, out of the files of Docker or podman: the service of a
 * compose file, else the container's name; '' when the files do not tell (other runtimes, no
 * permission). @param root of the machine's files, ending in `/`
 */
export function containerName(files: HostFiles, root: string, id: string): string {
  if (!idPattern.test(id)) return '';
  const docker = read(files, `${root}${DOCKER}/${id}/config.v2.json`);
  const composed = text(
    field(field(field(docker, 'Config'), 'Labels'), 'com.docker.compose.service'),
  );
  if (composed !== '') return composed;
  const named = text(field(docker, 'Name')).replace(/^\//, '');
  if (named !== '') return named;
  const podman = read(files, `${root}${PODMAN}`);
  const list = Array.isArray(podman) ? podman : [];
  const found = list.find((entry: unknown) => field(entry, 'id') === id);
  const names: unknown = field(found, 'names');
  return Array.isArray(names) ? text(names[0]) : '';
}

function read(files: HostFiles, path: string): unknown {
  const bytes = files.bytes(path, MAX_FILE);
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(textOf(bytes));
  } catch {
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

function text(value: unknown): string {
  return typeof value === 'string' ? cleanText(value, 256) : '';
}
