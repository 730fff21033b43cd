import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PipelineError } from '../../component/errors.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal, SignalData } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { PushBackend } from '../../pipeline/exporter.ts';
import { type Config, parsePermissions } from './config.ts';
import { groupByAttribute } from './group.ts';
import { GroupedFiles, pathOf } from './grouped-files.ts';
import { type Encode, encoder } from './message.ts';
import type { Output } from './output.ts';
import { PlainFile } from './plain-file.ts';
import { RotatingFile } from './rotating-file.ts';
import type { Target } from './shared-output.ts';

/** Writes batches of one signal to the files that all signals share. */
export class FileBackend<S extends Signal> implements PushBackend<S> {
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #encode: Encode;
  readonly #skipped: (items: number) => void;
  #target: Target | undefined;

  /** @param skipped is told of items that no file is written for */
  constructor(settings: Settings, config: Config, skipped: (items: number) => void) {
    this.#settings = settings;
    this.#config = config;
    this.#encode = encoder(config);
    this.#skipped = skipped;
  }

  async start(): Promise<void> {
    this.#target = await this.#config.shared.acquire(() => this.#open());
  }

  async shutdown(): Promise<void> {
    if (this.#target === undefined) return;
    this.#target = undefined;
    await this.#config.shared.release();
  }

  async #open(): Promise<Target> {
    const { path, group_by: group } = this.#config;
    const mode = parsePermissions(this.#config.directory_permissions) ?? 0o755;
    if (group.enabled) {
      const { max_open_files: most } = group;
      if (most <= 0) throw new Error(`cannot keep ${most} files open: max_open_files is too small`);
      const open = (name: string, isKnown: boolean) => this.#openFile(name, isKnown);
      return { grouped: new GroupedFiles(open, most, mode, this.#settings.logger) };
    }
    if (this.#config.create_directory) await mkdir(dirname(path), { recursive: true, mode });
    return { single: await this.#openFile(path, false) };
  }

  /** @param isKnown whether what is in the file was written by this run */
  async #openFile(path: string, isKnown: boolean): Promise<Output> {
    const { clock, logger } = this.#settings;
    const { rotation, append, flush_interval: flushMs } = this.#config;
    if (rotation !== undefined) return new RotatingFile(path, rotation, clock, logger);
    return PlainFile.open(path, append || isKnown, { clock, logger, flushMs });
  }

  async push(batch: SignalData[S]): Promise<void> {
    const { single, grouped } = this.#target ?? {};
    if (single !== undefined) {
      try {
        await single.write(await this.#encode(batch));
      } catch (error) {
        throw failure(error, true);
      }
      return;
    }
    if (grouped === undefined) throw new Error('BUG: push before start');
    await this.#pushGroups(batch as Batch<Signal>, grouped);
  }

  async #pushGroups(batch: Batch<Signal>, files: GroupedFiles): Promise<void> {
    const [prefix = '', suffix = ''] = this.#config.path.split('*');
    const { resource_attribute: attribute } = this.#config.group_by;
    const { groups, without } = groupByAttribute(batch, attribute);
    if (without > 0) {
      const message = `Resource does not contain ${attribute} attribute, dropping it`;
      this.#settings.logger.debug(message, { dropped_items: without });
      this.#skipped(without);
    }
    const errors: unknown[] = [];
    for (const [segment, part] of groups) {
      try {
        const path = pathOf(prefix, segment, suffix);
        const message = await this.#encode(part);
        let file = await files.get(path);
        while (file.closed) file = await files.get(path);
        await file.write(message);
      } catch (error) {
        errors.push(error);
      }
    }
    // some groups are written: the batch must not come again
    if (errors.length > 0) throw failure(errors[0], false);
  }
}

function failure(error: unknown, retryable: boolean): PipelineError {
  const text = `cannot write to file: ${(error as Error).message}`;
  return new PipelineError(text, { retryable, cause: error });
}
