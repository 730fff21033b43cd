import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  Capabilities,
  Extension,
  KeyValueStore,
  RecordLog,
  StorageProvider,
} from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { findBboltFiles } from './bbolt.ts';
import { type Config, reserveBytesOf } from './config.ts';
import { openKeyValue } from './key-value.ts';
import { type Lock, lockDirectory } from './lock.ts';
import { diskFiles, syncDirectory } from './log/files.ts';
import type { Crc } from './log/format.ts';
import { SegmentedLog } from './log/log.ts';
import { Quota } from './log/quota.ts';
import { fileNameOf } from './names.ts';

/** The extension: a locked directory with one folder per queue and per key-value store. */
export class FileStorage implements Extension, StorageProvider {
  readonly capabilities: Capabilities = { storage: this };
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #quota: Quota;
  readonly #owners = new Set<string>();
  readonly #logs = new Set<RecordLog>();
  #lock: Lock | undefined;
  #crc: Crc | undefined;
  #gauges: (() => void)[] = [];

  constructor(settings: Settings, config: Config) {
    this.#settings = settings;
    this.#config = config;
    this.#quota = new Quota(config.max_bytes);
  }

  async start(): Promise<void> {
    const { directory, timeout } = this.#config;
    const { meter, clock, id } = this.#settings;
    await this.#prepareDirectory();
    this.#lock = await lockDirectory(directory, timeout, clock);
    await this.#reportBbolt();
    this.#crc = (await import('@node-rs/crc32')).crc32c;
    const used = { description: 'Bytes of queues on disk', unit: 'By' };
    const attributes = { extension: id };
    this.#gauges = [
      meter.gauge('wirestitch_file_storage_bytes', used, () => this.#quota.used, attributes),
    ];
  }

  async shutdown(): Promise<void> {
    for (const unregister of this.#gauges.splice(0)) unregister();
    for (const log of this.#logs) await log.close();
    this.#logs.clear();
    this.#lock?.release();
    this.#lock = undefined;
  }

  async keyValue(owner: string): Promise<KeyValueStore> {
    const folder = this.#own(`${fileNameOf(owner)}.kv`);
    const { directory, fsync } = this.#config;
    const store = await openKeyValue(join(directory, folder), fsync);
    if (fsync) await syncDirectory(directory);
    return { ...store, close: async () => void this.#owners.delete(folder) };
  }

  async log(owner: string): Promise<RecordLog> {
    const folder = this.#own(`${fileNameOf(owner)}.log`);
    const { fsync, segment_size: segmentBytes } = this.#config;
    const { logger, meter } = this.#settings;
    const path = join(this.#config.directory, folder);
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
      if (fsync) await syncDirectory(this.#config.directory);
      const options = {
        segmentBytes,
        reserveBytes: reserveBytesOf(segmentBytes),
        fsync,
        quota: this.#quota,
      };
      const log = await SegmentedLog.open(diskFiles(path), this.#crc!, logger, options);
      const corrupt = meter.counter('wirestitch_file_storage_corruptions', {
        description: 'Places in queue files where data was lost to corruption',
        unit: '{places}',
      });
      if (log.faults > 0) corrupt.add(log.faults, { extension: this.#settings.id });
      const close = log.close.bind(log);
      log.close = async () => {
        await close();
        this.#owners.delete(folder);
        this.#logs.delete(log);
      };
      this.#logs.add(log);
      return log;
    } catch (error) {
      this.#owners.delete(folder);
      throw error;
    }
  }

  #own(folder: string): string {
    if (this.#lock === undefined) throw new Error('BUG: file_storage is used before start');
    if (this.#owners.has(folder)) throw new Error(`BUG: ${folder} is opened twice`);
    this.#owners.add(folder);
    return folder;
  }

  async #prepareDirectory(): Promise<void> {
    const { directory, create_directory: create, directory_permissions: mode } = this.#config;
    const shown = JSON.stringify(directory);
    const found = await stat(directory).catch(() => undefined);
    if (found?.isDirectory() === false) {
      throw new Error(`cannot store in ${shown}: it is not a directory`);
    }
    if (found !== undefined) return;
    if (!create) {
      const hint = 'make it, or set create_directory: true';
      throw new Error(`cannot store in ${shown}: directory must exist: ${hint}`);
    }
    await mkdir(directory, { recursive: true, mode });
  }

  async #reportBbolt(): Promise<void> {
    const files = await findBboltFiles(this.#config.directory);
    if (files.length === 0) return;
    const message =
      'The directory holds queues of the Go collector (bbolt). They are not read and not touched: ' +
      'let that collector drain them first, then remove the files.';
    this.#settings.logger.warn(message, { directory: this.#config.directory, files });
  }
}
