import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PipelineError } from '../../component/errors.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { Attempt, Progress, PushBackend } from '../../pipeline/exporter.ts';
import { type Config, parsePermissions } from './config.ts';
import { groupByAttribute } from './group.ts';
import { GroupedFiles, pathOf } from './grouped-files.ts';
import { type Encode, encoder } from './message.ts';
import { type Output, TooLarge } from './output.ts';
import { PlainFile } from './plain-file.ts';
import { RotatingFile } from './rotating-file.ts';
import type { Target } from './shared-output.ts';

/** Writes batches of one signal to the files that all signals share. */
export class FileBackend<S extends Signal> implements PushBackend<S> {
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #encode: Encode;
  #target: Target | undefined;

  constructor(settings: Settings, config: Config) {
    this.#settings = settings;
    this.#config = config;
    this.#encode = encoder(config);
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

  async push(batch: Batch<S>, { progress }: Pick<Attempt, 'progress'> = {}): Promise<void> {
    const { single, grouped } = this.#target ?? {};
    if (single !== undefined) {
      try {
        await single.write(await this.#encode(batch), () => this.#lose(batch.itemCount));
      } catch (error) {
        throw failure(error, !(error instanceof TooLarge));
      }
      return;
    }
    if (grouped === undefined) throw new Error('BUG: push before start');
    await this.#pushGroups(batch as Batch<Signal>, grouped, progress);
  }

  /** Items that were taken into memory cannot be written any more. */
  #lose(items: number): void {
    const { ledger, logger } = this.#settings;
    ledger.delivered(-items);
    ledger.dropped('write_failed', items);
    logger.error('Cannot write what waited when the file was closed', { dropped_items: items });
  }

  async #pushGroups(
    batch: Batch<Signal>,
    files: GroupedFiles,
    progress: Progress | undefined,
  ): Promise<void> {
    const [prefix = '', suffix = ''] = this.#config.path.split('*');
    const { resource_attribute: attribute } = this.#config.group_by;
    const { groups, without } = groupByAttribute(batch, attribute);
    if (without > 0) {
      const message = `Resource does not contain ${attribute} attribute, dropping it`;
      this.#settings.logger.debug(message, { dropped_items: without });
    }
    const errors: unknown[] = [];
    let written = 0;
    for (const [segment, part] of groups) {
      try {
        const path = pathOf(prefix, segment, suffix);
        const message = await this.#encode(part);
        let file = await files.get(path);
        while (file.closed) file = await files.get(path);
        await file.write(message, () => this.#lose(part.itemCount));
        written += part.itemCount;
      } catch (error) {
        errors.push(error);
      }
    }
    if (progress !== undefined) {
      progress.arrived = written;
      progress.leftOut = without;
      progress.leftOutAs = 'no_path_segment';
    }
    // some groups are written: the batch must not come again
    if (errors.length > 0) throw failure(errors[0], false);
  }
}

function failure(error: unknown, retryable: boolean): PipelineError {
  const text = `cannot write to file: ${(error as Error).message}`;
  return new PipelineError(text, { retryable, cause: error });
}
