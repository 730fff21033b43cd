import { compileRegexp } from '../../pdata/regexp/index.ts';

/** A line that CRI-O or containerd wrote. */
export interface ContainerLine {
  readonly format: 'crio' | 'containerd';
  readonly time: string;
  readonly stream: string;
  readonly logtag: string;
  readonly log: string;
}

/**
 * Splits `time stream tag log`. CRI-O's times have no Z, containerd's end with it.
 * @returns undefined for anything else
 */
export function splitLine(text: string): ContainerLine | undefined {
  const timeEnd = text.indexOf(' ');
  if (timeEnd < 1) return undefined;
  const time = text.slice(0, timeEnd);
  const zed = time.indexOf('Z');
  if (zed >= 0 && (zed !== timeEnd - 1 || zed === 0 || time.includes('^'))) return undefined;
  const stream = text.slice(timeEnd + 1, timeEnd + 7);
  const tagFrom = timeEnd + 8;
  const known = stream === 'stdout' || stream === 'stderr';
  if (!known || text[tagFrom - 1] !== ' ') return undefined;
  const space = text.indexOf(' ', tagFrom);
  const tagEnd = space < 0 ? text.length : space;
  const log = text.slice(tagEnd + 1);
  if (log.includes('\n')) return undefined;
  const format = zed < 0 ? 'crio' : 'containerd';
  return { format, time, stream, logtag: text.slice(tagFrom, tagEnd), log };
}

/** `/var/log/pods/<namespace>_<pod>_<uid>/<container>/<restarts>.log`, also rotated. */
const pathPattern = compileRegexp(
  '^.*(?:\\/|\\\\)([^_]+)_([^_]+)_([a-f0-9\\-]+)(?:\\/|\\\\)([^\\._]+)(?:\\/|\\\\)(\\d+)\\.log(?:\\.\\d{8}-\\d{6})?$',
);
const pathNames = [
  'k8s.namespace.name',
  'k8s.pod.name',
  'k8s.pod.uid',
  'k8s.container.name',
  'k8s.container.restart_count',
];

type Metadata = ReadonlyMap<string, string>;
const maxKnown = 1000;

/** What the path of a container's log says of it; undefined when it is of another form. */
export function pathMetadata(path: string): Metadata | undefined {
  const found = pathPattern.exec(path);
  return found && new Map(pathNames.map((name, i) => [name, found.groups[i + 1] ?? '']));
}

/** {@link pathMetadata}, kept for the thousand paths that came last. */
export class KnownPaths {
  readonly #known = new Map<string, Metadata | undefined>();

  metadata(path: string): Metadata | undefined {
    if (this.#known.has(path)) return this.#known.get(path);
    const metadata = pathMetadata(path);
    if (this.#known.size >= maxKnown) this.#known.clear();
    this.#known.set(path, metadata);
    return metadata;
  }
}
