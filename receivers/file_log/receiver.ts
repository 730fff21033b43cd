import { fstatSync, statSync } from 'node:fs';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings, Timer } from '../../component/settings.ts';
import { type LogEncoding, lookUpEncoding } from '../../stanza/encoding.ts';
import { Delivery } from '../../stanza/receiver/delivery.ts';
import { splitterMaker } from '../../stanza/split.ts';
import { Checkpoints } from './checkpoint.ts';
import type { FileLogConfig } from './config.ts';
import { ContainerSink } from './container-sink.ts';
import { Cutter } from './cutter.ts';
import { EntrySink } from './entry-sink.ts';
import { gateIds } from './gates.ts';
import { Glob } from './glob.ts';
import { HeaderReader } from './header.ts';
import { LineSink } from './line-sink.ts';
import type { FileState, LogFile } from './log-file.ts';
import { type Order, orderOf } from './ordering.ts';
import { FileReader } from './reader.ts';
import type { Sink } from './sink.ts';
import { Tracker } from './tracker.ts';

/** Records and bytes of one batch, about. */
const batchRecords = 1000;
const batchBytes = 512 * 1024;
/** Milliseconds between checkpoints while much is read. */
const checkpointMs = 100;
/** Milliseconds between attempts to fit into the memory budget. */
const memoryPauseMs = 50;

/** Reads log files as they grow, and hands on their entries. */
export class FileLogReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: FileLogConfig;
  readonly #delivery: Delivery;
  readonly #encoding: LogEncoding;
  readonly #include: readonly Glob[];
  readonly #exclude: readonly Glob[];
  readonly #order: Order | undefined;
  readonly #sink: Sink;
  readonly #reader: FileReader;
  /** States that were read on since the last batch. */
  readonly #touched = new Set<FileState>();
  #checkpoints: Checkpoints | undefined;
  #tracker: Tracker;
  #adopted: readonly FileState[] | undefined;
  #fromStart: boolean;
  #timer: Timer | undefined;
  #polling: Promise<void> | undefined;
  #stopped = false;
  /** The end came before a batch was taken: nothing behind it may count as read. */
  #interrupted = false;
  #started = false;
  #reading = 0;
  #savedMs = 0;
  readonly #unregister: (() => void)[] = [];

  constructor(settings: Settings, config: FileLogConfig, next: Consumer<'logs'>) {
    this.#settings = settings;
    this.#config = config;
    this.#delivery = new Delivery(settings, next, config.retry_on_failure, '');
    this.#encoding = lookUpEncoding(config.encoding);
    this.#include = config.include.map((pattern) => new Glob(pattern));
    this.#exclude = config.exclude.map((pattern) => new Glob(pattern));
    const { clock, logger } = settings;
    this.#order = orderOf(
      config.ordering_criteria,
      () => clock.unixMs(),
      (why) => logger.debug('Cannot sort a file', { error: why }),
    );
    this.#fromStart = config.start_at === 'beginning';
    this.#tracker = new Tracker(config, logger, undefined);
    this.#sink = this.#makeSink();
    this.#reader = this.#makeReader();
  }

  #makeSink(): Sink {
    const { operators, attributes, resource } = this.#config;
    const fixed = attributes.fixed !== undefined && resource.fixed !== undefined;
    const [first, ...others] = operators.steps;
    const container = others.length === 0 ? first?.plan.container : undefined;
    if (fixed && container !== undefined && this.#encoding.isUtf8 && !this.#encoding.isRaw) {
      return new ContainerSink(this.#settings, this.#config, this.#encoding, container);
    }
    const Kind = fixed && first === undefined ? LineSink : EntrySink;
    return new Kind(this.#settings, this.#config, this.#encoding);
  }

  #makeReader(): FileReader {
    const config = this.#config;
    const encoding = this.#encoding;
    const makeSplitter = splitterMaker({
      encoding,
      multiline: config.multiline,
      flushAtEnd: false,
      maxSize: config.max_log_size,
    });
    const cutter = new Cutter(makeSplitter(), {
      maxSize: config.max_log_size,
      truncate: config.max_log_size_behavior === 'truncate',
      flushMs: config.force_flush_period,
      keepLeading: config.preserve_leading_whitespaces || encoding.isNop,
      keepTrailing: config.preserve_trailing_whitespaces || encoding.isNop,
    });
    const { header } = config;
    const { clock, logger } = this.#settings;
    return new FileReader({
      config,
      clock,
      logger,
      cutter,
      sink: this.#sink,
      header:
        header &&
        new HeaderReader(this.#settings, header.pattern, header.metadata_operators, encoding),
      full: () => this.#full(),
    });
  }

  async start(): Promise<void> {
    const { clock, logger } = this.#settings;
    await this.#openStorage();
    this.#tracker = new Tracker(this.#config, logger, this.#checkpoints);
    const known = this.#adopted ?? (await this.#checkpoints?.load(clock.monotonicMs())) ?? [];
    if (known.length > 0) {
      logger.info("Resuming from known offsets. 'start_at' is not applicable.", {
        files: known.length,
      });
      this.#fromStart = true;
      this.#tracker.adopt(known);
    }
    this.#registerMetrics();
    this.#started = true;
    this.#schedule();
  }

  async #openStorage(): Promise<void> {
    const { storage: id, polls_to_archive: archive } = this.#config;
    const { host, logger } = this.#settings;
    if (id === undefined) {
      if (archive > 0) {
        logger.error('archiving is not supported in memory, please use a storage extension');
      }
      return;
    }
    const extension = host.extension(id);
    if (extension === undefined) {
      throw new Error(`cannot use storage ${JSON.stringify(id)}: no such extension is started`);
    }
    const { storage } = extension.capabilities;
    if (storage === undefined) {
      throw new Error(`cannot use storage ${JSON.stringify(id)}: it is no storage extension`);
    }
    const store = await storage.keyValue(`receiver_${this.#settings.id}`);
    this.#checkpoints = new Checkpoints(store, logger, archive);
  }

  #registerMetrics(): void {
    const { meter, id } = this.#settings;
    const gauge = (name: string, description: string, unit: string, read: () => number) =>
      this.#unregister.push(meter.gauge(name, { description, unit }, read, { receiver: id }));
    gauge(
      'otelcol_fileconsumer_open_files',
      'Number of open files',
      '1',
      () => this.#tracker.openFiles,
    );
    gauge(
      'otelcol_fileconsumer_reading_files',
      'Number of open files that are being read',
      '1',
      () => this.#reading,
    );
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#settings.clock.after(this.#config.poll_interval, () => {
      this.#polling = this.#poll()
        .catch((error: unknown) => {
          this.#settings.host.fatal(error instanceof Error ? error : new Error(String(error)));
        })
        .finally(() => this.#schedule());
    });
  }

  /** One look at all files. */
  async #poll(): Promise<void> {
    const { max_concurrent_files: most, max_batches: rounds } = this.#config;
    const size = Math.max(1, Math.floor(most / 2));
    const paths = this.#match();
    const all = new Set(paths);
    for (let from = 0, round = 1; from < Math.max(1, paths.length); from += size, round += 1) {
      await this.#consume(paths.slice(from, from + size), all);
      if (this.#stopped) return;
      if (rounds > 0 && round >= rounds) break;
    }
    this.#sink.flush(false);
    await this.#handOn();
    this.#fromStart = true;
    if (this.#config.delete_after_read) this.#deleteRead();
    await this.#save();
    await this.#tracker.endLook();
  }

  #deleteRead(): void {
    const held = this.#sink.held();
    const { gates } = this.#settings;
    if (!gates.enabled(gateIds.deletion)) return;
    this.#tracker.deleteRead((state) => state.offset === state.position && !held.has(state));
  }

  #match(): string[] {
    const found = new Set<string>();
    const { logger, clock } = this.#settings;
    for (const glob of this.#include) {
      glob.find(found, (path, error) =>
        logger.debug('finding files', { path, error: error.message }),
      );
    }
    let paths = [...found].filter((path) => !this.#exclude.some((glob) => glob.matches(path)));
    paths.sort();
    const age = this.#config.exclude_older_than;
    if (age !== 0) paths = paths.filter((path) => isYounger(path, clock.unixMs() - age));
    return this.#order === undefined ? paths : this.#order(paths);
  }

  async #consume(paths: readonly string[], all: ReadonlySet<string>): Promise<void> {
    const nowMs = this.#settings.clock.monotonicMs();
    const files = await this.#tracker.look(paths, all, this.#fromStart, nowMs);
    let left = files;
    this.#reading = left.length;
    while (left.length > 0 && !this.#stopped) {
      const more: LogFile[] = [];
      for (const file of left) {
        if (this.#stopped) break;
        if (await this.#read(file)) more.push(file);
      }
      left = more;
    }
    this.#reading = 0;
    this.#tracker.limit(this.#config.max_concurrent_files);
  }

  /** @returns whether there is more to read */
  async #read(file: LogFile): Promise<boolean> {
    try {
      const stat = fstatSync(file.fd);
      if (stat.size === file.size && stat.mtimeMs === file.mtimeMs) return false;
      this.#touched.add(file.state);
      const more = await this.#reader.turn(file);
      if (!more && !this.#stopped) this.#tracker.wasRead(file, stat);
      return more;
    } catch (error) {
      const { message } = error as Error;
      this.#settings.logger.error('Failed to read file', { path: file.path, error: message });
      return false;
    }
  }

  /** Hands on when there is much. @returns whether to go on reading */
  async #full(): Promise<boolean> {
    const { pending, bytes } = this.#sink;
    if (pending >= batchRecords || bytes >= batchBytes) {
      await this.#handOn();
      const nowMs = this.#settings.clock.monotonicMs();
      if (nowMs - this.#savedMs > checkpointMs) await this.#save();
    }
    return !this.#stopped;
  }

  async #handOn(): Promise<void> {
    const batch = this.#sink.take();
    const touched = [...this.#touched].map((state) => [state, state.position] as const);
    if (batch !== undefined) {
      const { budget, clock } = this.#settings;
      const bytes = batch.byteLength;
      while (!budget.tryReserve(bytes)) {
        this.#interrupted = this.#stopped;
        if (this.#interrupted) return;
        await new Promise<void>((resolve) => void clock.after(memoryPauseMs, resolve));
      }
      try {
        this.#interrupted = (await this.#delivery.deliver(batch)) === 'stopped';
        if (this.#interrupted) return;
      } finally {
        budget.release(bytes);
      }
    }
    for (const [state, position] of touched) state.offset = position;
    this.#touched.clear();
  }

  async #save(): Promise<void> {
    if (this.#checkpoints === undefined) return;
    this.#savedMs = this.#settings.clock.monotonicMs();
    const held = this.#sink.held();
    const offsetOf = (state: FileState) =>
      Math.min(state.offset, held.get(state) ?? Number.POSITIVE_INFINITY);
    await this.#checkpoints.save(this.#tracker.states(), offsetOf);
  }

  /** Settles when no look at the files is under way. */
  async idle(): Promise<void> {
    await this.#polling;
  }

  async takeOver(previous: Component): Promise<void> {
    if (previous instanceof FileLogReceiver) this.#adopted = await previous.#stop();
  }

  /** Ends reading. @returns what is known of all files */
  async #stop(): Promise<FileState[]> {
    const first = !this.#stopped;
    this.#stopped = true;
    this.#timer?.cancel();
    this.#delivery.stop();
    await this.#polling;
    if (first && this.#started) {
      if (!this.#interrupted) {
        this.#sink.flush(true);
        await this.#handOn();
      }
      await this.#save();
    }
    const states = [...this.#tracker.states()];
    for (const state of states) state.position = state.offset;
    this.#tracker.closeAll();
    return states;
  }

  async shutdown(): Promise<void> {
    await this.#stop();
    for (const unregister of this.#unregister.splice(0)) unregister();
    await this.#checkpoints?.close();
    this.#checkpoints = undefined;
  }
}

function isYounger(path: string, sinceMs: number): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && stat.mtimeMs >= sinceMs;
}
