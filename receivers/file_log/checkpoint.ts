import type { KeyValueStore } from '../../component/extension.ts';
import type { Logger } from '../../component/settings.ts';
import { type FileState, newState } from './log-file.ts';

const key = 'knownFiles';

/** A file as it is stored. Version 1. */
interface Stored {
  readonly fingerprint: string;
  readonly offset: number;
  readonly records: number;
  readonly attributes: Readonly<Record<string, string>>;
  readonly header: boolean;
  readonly gzip: boolean;
  readonly skip: number;
  readonly skipping: boolean;
}

/** @param offsetOf bytes that need not be read again */
function encode(states: Iterable<FileState>, offsetOf: (state: FileState) => number): Buffer {
  const files: Stored[] = [];
  for (const state of states) {
    files.push({
      fingerprint: state.fingerprint.toString('base64'),
      offset: offsetOf(state),
      records: state.recordNumber,
      attributes: Object.fromEntries(state.attributes),
      header: state.headerDone,
      gzip: state.gzip,
      skip: state.skipDecompressed,
      skipping: state.skipping,
    });
  }
  return Buffer.from(JSON.stringify({ version: 1, files }));
}

function decode(bytes: Uint8Array, nowMs: number): FileState[] {
  const { version, files } = JSON.parse(Buffer.from(bytes).toString()) as {
    version: unknown;
    files: readonly Stored[];
  };
  if (version !== 1 || !Array.isArray(files)) throw new Error('not version 1');
  return (files as readonly Stored[]).map((file) => {
    const state = newState(Buffer.from(file.fingerprint, 'base64'), nowMs);
    if (!Number.isSafeInteger(file.offset) || file.offset < 0) throw new Error('a bad offset');
    state.offset = file.offset;
    state.position = file.offset;
    state.recordNumber = file.records;
    state.attributes = new Map(Object.entries(file.attributes));
    state.headerDone = file.header;
    state.gzip = file.gzip;
    state.skipDecompressed = file.skip;
    state.skipping = file.skipping;
    return state;
  });
}

/**
 * How far each file was read, kept in a storage. With an archive, files that are gone for a while
 * are remembered there in as many sets as looks are to be covered.
 */
export class Checkpoints {
  readonly #store: KeyValueStore;
  readonly #logger: Logger;
  readonly #archiveSize: number;
  #archiveNext = 0;
  #last: Buffer | undefined;

  constructor(store: KeyValueStore, logger: Logger, archiveSize: number) {
    this.#store = store;
    this.#logger = logger;
    this.#archiveSize = archiveSize;
  }

  /** What is stored; nothing when it cannot be read, which is logged. */
  async load(nowMs: number): Promise<FileState[]> {
    const index = await this.#read(`${key}ArchiveIndex`, (bytes) => Number(Buffer.from(bytes)));
    if (index !== undefined && this.#archiveSize > 0) {
      this.#archiveNext = (index + 1) % this.#archiveSize;
    }
    return (await this.#read(key, (bytes) => decode(bytes, nowMs))) ?? [];
  }

  async #read<T>(name: string, read: (bytes: Uint8Array) => T): Promise<T | undefined> {
    const bytes = await this.#store.get(name);
    if (bytes === undefined) return undefined;
    try {
      return read(bytes);
    } catch (error) {
      this.#logger.error('Cannot read stored offsets, they are ignored', {
        key: name,
        error: (error as Error).message,
      });
      return undefined;
    }
  }

  /** Writes when something changed since the last call; a failure is logged. */
  async save(states: Iterable<FileState>, offsetOf: (state: FileState) => number): Promise<void> {
    const bytes = encode(states, offsetOf);
    if (this.#last?.equals(bytes)) return;
    if (await this.#write(key, bytes)) this.#last = bytes;
  }

  async #write(name: string, bytes: Uint8Array): Promise<boolean> {
    try {
      await this.#store.set(name, bytes);
      return true;
    } catch (error) {
      this.#logger.error('Cannot save offsets', { error: (error as Error).message });
      return false;
    }
  }

  /** Puts files that are gone into the archive. */
  async archive(states: readonly FileState[]): Promise<void> {
    if (this.#archiveSize <= 0) return;
    const slot = this.#archiveNext;
    this.#archiveNext = (slot + 1) % this.#archiveSize;
    const empty = this.#empty.has(slot);
    if (states.length === 0 && empty) return;
    await this.#write(
      `${key}${slot}`,
      encode(states, (state) => state.offset),
    );
    await this.#write(`${key}ArchiveIndex`, Buffer.from(String(slot)));
    if (states.length === 0) this.#empty.add(slot);
    else this.#empty.delete(slot);
  }

  readonly #empty = new Set<number>();

  /** Takes a file out of the archive, newest sets first. */
  async recall(
    matches: (state: FileState) => boolean,
    nowMs: number,
  ): Promise<FileState | undefined> {
    for (let i = 1; i <= this.#archiveSize; i += 1) {
      const slot = (this.#archiveNext - i + this.#archiveSize * 2) % this.#archiveSize;
      if (this.#empty.has(slot)) continue;
      const states = await this.#read(`${key}${slot}`, (bytes) => decode(bytes, nowMs));
      const found = states?.find(matches);
      if (states === undefined || found === undefined) continue;
      const rest = states.filter((state) => state !== found);
      await this.#write(
        `${key}${slot}`,
        encode(rest, (state) => state.offset),
      );
      return found;
    }
    return undefined;
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
