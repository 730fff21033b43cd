import { closeSync, fstatSync, openSync, type Stats, statSync, unlinkSync } from 'node:fs';
import type { Logger } from '../../component/settings.ts';
import { fileAttributes } from './attributes.ts';
import type { Checkpoints } from './checkpoint.ts';
import type { FileLogConfig } from './config.ts';
import { continues, type Fingerprint, fingerprintOf, isGzip } from './fingerprint.ts';
import { type FileState, type LogFile, newState } from './log-file.ts';

/** Looks for which closed files are remembered. */
const generations = 3;
/** Looks for which a file that no path leads to any more is kept open and read on. */
const lostLooks = 3;
/** Paths that could not be opened and were reported. */
const maxUnreadable = 10_000;

/** Which files there are, and how far each was read, whatever their names become. */
export class Tracker {
  readonly #config: FileLogConfig;
  readonly #logger: Logger;
  readonly #checkpoints: Checkpoints | undefined;
  /** Files of the last look, by path; several lost ones may have had one path. */
  #open: LogFile[] = [];
  /** Files that are closed, newest generation first. */
  #closed: FileState[][] = Array.from({ length: generations }, () => []);
  readonly #unreadable = new Set<string>();

  constructor(config: FileLogConfig, logger: Logger, checkpoints: Checkpoints | undefined) {
    this.#config = config;
    this.#logger = logger;
    this.#checkpoints = checkpoints;
  }

  /** Files that are open now. */
  get openFiles(): number {
    return this.#open.length;
  }

  /** Everything that is known, open or closed. */
  *states(): Generator<FileState> {
    for (const file of this.#open) yield file.state;
    for (const generation of this.#closed) yield* generation;
  }

  /** Takes over what another process or instance knew. */
  adopt(states: readonly FileState[]): void {
    this.#closed[0]!.push(...states);
  }

  /**
   * Looks at some of the paths: opens what is new, finds what was renamed, and what is left of
   * files that are gone.
   * @param all every path that there is now
   * @param fromStart whether files that are not known are read from their beginning
   * @returns the files to read, those that are gone first
   */
  async look(
    paths: readonly string[],
    all: ReadonlySet<string>,
    fromStart: boolean,
    nowMs: number,
  ): Promise<LogFile[]> {
    const before = this.#open;
    const byPath = new Map(before.map((file) => [file.path, file]));
    const taken = new Set<LogFile>();
    const current: LogFile[] = [];
    const seen = new Set<string>();
    for (const path of paths) {
      try {
        const known = byPath.get(path);
        const file = await this.#see(path, known, { before, taken, seen, fromStart, nowMs });
        if (file !== undefined) current.push(file);
      } catch (error) {
        this.#logger.error('Failed to read file', { path, error: (error as Error).message });
      }
    }
    const looked = new Set(paths);
    const left = before.filter((file) => !taken.has(file));
    const isGone = ({ path }: LogFile) => looked.has(path) || !all.has(path);
    const lost = this.#lost(left.filter(isGone), current);
    this.#open = [...current, ...lost, ...left.filter((file) => !isGone(file))];
    return [...lost, ...current];
  }

  async #see(
    path: string,
    known: LogFile | undefined,
    look: LookState,
  ): Promise<LogFile | undefined> {
    const { taken, seen } = look;
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined || stat.size === 0) return undefined;
    if (known !== undefined && isSame(known, stat) && !taken.has(known)) {
      const unchanged = stat.size === known.size && stat.mtimeMs === known.mtimeMs;
      if (unchanged && look.fromStart && !seen.has(keyOf(known.state.fingerprint))) {
        taken.add(known);
        seen.add(keyOf(known.state.fingerprint));
        known.lost = 0;
        return known;
      }
    }
    const fd = this.#openFile(path);
    if (fd === undefined) return undefined;
    try {
      const file = await this.#identify(path, fd, stat, known, look);
      if (file === undefined) closeSync(fd);
      return file;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  async #identify(
    path: string,
    fd: number,
    stat: Stats,
    known: LogFile | undefined,
    look: LookState,
  ): Promise<LogFile | undefined> {
    const { taken, seen, nowMs } = look;
    const size = this.#config.fingerprint_size;
    const compressed = this.#config.compression !== '';
    const fingerprint = fingerprintOf(fd, size, compressed);
    if (fingerprint.length === 0) return undefined;
    const key = keyOf(fingerprint);
    if (seen.has(key)) {
      this.#logger.debug('Skipping duplicate file', { path });
      return undefined;
    }
    seen.add(key);
    const candidates = look.before.filter((file) => !taken.has(file));
    const old =
      (known !== undefined && candidates.includes(known) && fits(fingerprint, known.state, size)
        ? known
        : undefined) ??
      candidates.find((file) => isSame(file, stat) && fits(fingerprint, file.state, size)) ??
      candidates.find((file) => fits(fingerprint, file.state, size));
    let state: FileState;
    if (old !== undefined) {
      taken.add(old);
      closeSync(old.fd);
      state = old.state;
    } else state = await this.#remembered(fingerprint, path, nowMs);
    const longer = state.fingerprint.length > size || fingerprint.length > state.fingerprint.length;
    if (longer) state.fingerprint = fingerprint;
    if (!look.fromStart) {
      state.position = stat.size;
      state.offset = stat.size;
    }
    this.#settleCompression(state, fd);
    for (const [name, value] of fileAttributes(path, fd, this.#config)) {
      state.attributes.set(name, value);
    }
    const { dev: device, ino: inode } = stat;
    return { path, fd, device, inode, size: -1, mtimeMs: -1, state, lost: 0 };
  }

  async #remembered(fingerprint: Fingerprint, path: string, nowMs: number): Promise<FileState> {
    const size = this.#config.fingerprint_size;
    for (const generation of this.#closed) {
      const i = generation.findIndex((state) => fits(fingerprint, state, size));
      if (i >= 0) return generation.splice(i, 1)[0]!;
    }
    const recalled = await this.#checkpoints?.recall(
      (state) => fits(fingerprint, state, size),
      nowMs,
    );
    const message =
      recalled === undefined
        ? 'Started watching file'
        : 'File found in archive. Started watching file again';
    this.#logger.info(message, { path });
    return recalled ?? newState(fingerprint, nowMs);
  }

  /** A file that was read as text and is compressed now is read on behind what was read. */
  #settleCompression(state: FileState, fd: number): void {
    const { compression } = this.#config;
    if (compression === '') return;
    const gzip = compression === 'gzip' || isGzip(fd);
    if (gzip === state.gzip) return;
    if (gzip && state.position > 0) state.skipDecompressed = state.position;
    state.position = 0;
    state.offset = 0;
    state.gzip = gzip;
  }

  #openFile(path: string): number | undefined {
    try {
      const fd = openSync(path, 'r');
      if (this.#unreadable.delete(path)) {
        this.#logger.info('Previously unreadable file is now readable', { path });
      }
      return fd;
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      if (code === 'ENOENT') return undefined;
      if (code === 'EACCES' || code === 'EPERM') {
        if (this.#unreadable.has(path)) return undefined;
        if (this.#unreadable.size < maxUnreadable) this.#unreadable.add(path);
      }
      this.#logger.error('Failed to open file', { path, error: message });
      return undefined;
    }
  }

  /** Files that no path led to: read on while they grow, closed after some looks. */
  #lost(gone: readonly LogFile[], current: readonly LogFile[]): LogFile[] {
    const kept: LogFile[] = [];
    for (const file of gone) {
      file.lost += 1;
      const copied = current.some(({ state }) =>
        continues(state.fingerprint, file.state.fingerprint),
      );
      if (copied || file.lost > lostLooks || !this.#valid(file)) this.#close(file);
      else kept.push(file);
    }
    return kept;
  }

  #valid(file: LogFile): boolean {
    try {
      const gzip = this.#config.compression !== '';
      const now = fingerprintOf(file.fd, this.#config.fingerprint_size, gzip);
      return continues(now, file.state.fingerprint);
    } catch {
      return false;
    }
  }

  #close(file: LogFile): void {
    closeSync(file.fd);
    this.#closed[0]!.push(file.state);
  }

  /** Told after a file was read: looks at it again only when it changes. */
  wasRead(file: LogFile, stat: Stats): void {
    const { state } = file;
    const size = this.#config.fingerprint_size;
    if (state.fingerprint.length < size) {
      const now = fingerprintOf(file.fd, size, this.#config.compression !== '');
      if (continues(now, state.fingerprint)) state.fingerprint = now;
    }
    if (stat.size > file.size && file.size >= 0) file.lost = Math.min(file.lost, 1);
    const settled = state.flush.length === 0;
    file.size = settled ? stat.size : -1;
    file.mtimeMs = settled ? stat.mtimeMs : -1;
  }

  /**
   * Deletes the files that were read to their end, and forgets them. One that has grown since, or
   * whose path leads to another file by now, stays.
   */
  deleteRead(isDelivered: (state: FileState) => boolean): void {
    this.#open = this.#open.filter((file) => {
      const { path, fd, state } = file;
      const now = fstatSync(fd);
      if (state.offset < now.size || !isDelivered(state)) return true;
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat !== undefined && !isSame(file, stat)) return true;
      try {
        if (stat !== undefined) unlinkSync(path);
      } catch (error) {
        this.#logger.error('could not delete', { path, error: (error as Error).message });
        return true;
      }
      closeSync(fd);
      return false;
    });
  }

  /** Keeps at most so many files open; the others are remembered. */
  limit(files: number): void {
    for (const file of this.#open.splice(files)) this.#close(file);
  }

  /** Ends a look at all paths: what was closed long ago is forgotten, or archived. */
  async endLook(): Promise<void> {
    const [oldest] = this.#closed.splice(generations - 1, 1);
    this.#closed.unshift([]);
    await this.#checkpoints?.archive(oldest!);
  }

  /** Closes all files; what is known of them stays. */
  closeAll(): void {
    this.limit(0);
  }
}

interface LookState {
  readonly before: readonly LogFile[];
  readonly taken: Set<LogFile>;
  readonly seen: Set<string>;
  readonly fromStart: boolean;
  readonly nowMs: number;
}

function isSame(file: LogFile, stat: Stats): boolean {
  return file.device === stat.dev && file.inode === stat.ino;
}

function keyOf(fingerprint: Fingerprint): string {
  return fingerprint.toString('latin1');
}

/**
 * Whether a file with this fingerprint goes on where the state stopped. Fingerprints that were
 * longer in an earlier run count as far as they go now.
 */
function fits(fingerprint: Fingerprint, state: FileState, size: number): boolean {
  const before = state.fingerprint;
  return continues(fingerprint, before.length > size ? before.subarray(0, size) : before);
}
