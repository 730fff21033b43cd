import { mkdir } from 'node:fs/promises';
import { posix } from 'node:path';
import type { Logger } from '../../component/settings.ts';
import type { Output } from './output.ts';

/** Files that were written to and closed again, at most this many, are known by name. */
const maxKnown = 10_000;

/** The shortest equal path: no `.`, no `..` inside, no slash at the end. */
function clean(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

/**
 * The file for a value of the attribute, below `prefix` whatever the value is.
 * @param prefix what stands before the * of the path; @param suffix what stands behind it
 */
export function pathOf(prefix: string, segment: string, suffix: string): string {
  const cleaned = clean(prefix);
  const base = prefix.endsWith('/') && !cleaned.endsWith('/') ? `${cleaned}/` : cleaned;
  let value = segment;
  if (value.startsWith('./')) value = value.slice(1);
  else if (value.startsWith('../')) value = value.slice(2);
  const full = clean(base + value + suffix);
  if (full.startsWith(base)) return full;
  return clean(posix.join(base, posix.join('/', value + suffix)));
}

/** Files by name, of which some are open; the one that was used longest ago is closed first. */
export class GroupedFiles {
  readonly #files = new Map<string, Promise<Output>>();
  readonly #known = new Set<string>();
  readonly #open: (path: string, isKnown: boolean) => Promise<Output>;
  readonly #maxOpen: number;
  readonly #directoryMode: number;
  readonly #logger: Logger;

  /** @param open opens a file; isKnown: what is in it was written by this program */
  constructor(
    open: (path: string, isKnown: boolean) => Promise<Output>,
    maxOpen: number,
    directoryMode: number,
    logger: Logger,
  ) {
    this.#open = open;
    this.#maxOpen = maxOpen;
    this.#directoryMode = directoryMode;
    this.#logger = logger;
  }

  /** The open file of this name. */
  get(path: string): Promise<Output> {
    let file = this.#files.get(path);
    this.#files.delete(path);
    file ??= this.#opened(path);
    this.#files.set(path, file);
    while (this.#files.size > this.#maxOpen) {
      const [oldest] = this.#files.keys();
      void this.#close(oldest!);
    }
    return file;
  }

  async #opened(path: string): Promise<Output> {
    try {
      await mkdir(posix.dirname(path), { recursive: true, mode: this.#directoryMode });
      const isKnown = this.#known.has(path) || this.#known.size >= maxKnown;
      const file = await this.#open(path, isKnown);
      if (!isKnown) this.#known.add(path);
      return file;
    } catch (error) {
      this.#files.delete(path);
      throw error;
    }
  }

  async #close(path: string): Promise<void> {
    const file = this.#files.get(path);
    this.#files.delete(path);
    try {
      await (await file)?.close();
    } catch (error) {
      this.#logger.warn('Failed to close file', { path, error: (error as Error).message });
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.keys()].map((path) => this.#close(path)));
  }
}
