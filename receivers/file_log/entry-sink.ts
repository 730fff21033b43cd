import type { Settings } from '../../component/settings.ts';
import { unixNs } from '../../component/unix-ns.ts';
import type { Logs } from '../../pdata/batch.ts';
import { LogsBuilder } from '../../pdata/builder.ts';
import type { LogEncoding } from '../../stanza/encoding.ts';
import { writeEntries } from '../../stanza/entry/encode.ts';
import { Entry } from '../../stanza/entry/entry.ts';
import { Pipeline } from '../../stanza/pipeline.ts';
import type { FileLogConfig } from './config.ts';
import type { LogFile } from './log-file.ts';
import type { Sink } from './sink.ts';

/** The general way: an object for each entry, which runs through the operators. */
export class EntrySink implements Sink {
  readonly #config: FileLogConfig;
  readonly #settings: Settings;
  readonly #encoding: LogEncoding;
  readonly #pipeline: Pipeline;
  #in: Entry[] = [];
  #out: Entry[] = [];
  #bytes = 0;
  #file: LogFile | undefined;
  #observed = 0n;

  constructor(settings: Settings, config: FileLogConfig, encoding: LogEncoding) {
    this.#settings = settings;
    this.#config = config;
    this.#encoding = encoding;
    const target = { process: (entries: Entry[]) => void this.#out.push(...entries) };
    this.#pipeline = new Pipeline(config.operators, settings, target);
  }

  get pending(): number {
    return this.#in.length + this.#out.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  begin(file: LogFile): void {
    this.#run();
    this.#file = file;
    this.#observed = unixNs(this.#settings.clock);
  }

  add(data: Buffer, from: number, to: number, offset: number, record: number): void {
    const entry = new Entry(this.#observed);
    entry.body = this.#encoding.isNop
      ? Buffer.from(data.subarray(from, to))
      : this.#text(data, from, to);
    if (!this.#label(entry)) return;
    // What the file says wins over what the configuration says.
    const { state } = this.#file!;
    entry.attributes ??= new Map();
    for (const [key, value] of state.attributes) entry.attributes.set(key, value);
    if (this.#config.include_file_record_number) {
      entry.attributes.set('log.file.record_number', BigInt(record));
    }
    if (this.#config.include_file_record_offset) {
      entry.attributes.set('log.file.record_offset', BigInt(offset));
    }
    entry.origin = { source: state, offset };
    this.#in.push(entry);
    this.#bytes += to - from + 100;
    if (this.#in.length >= 256) this.#run();
  }

  #text(data: Buffer, from: number, to: number): string {
    return this.#encoding.isUtf8
      ? data.toString('utf8', from, to)
      : this.#encoding.decode(data.subarray(from, to));
  }

  /** Adds configured attributes. @returns false when an expression failed: the entry is left out */
  #label(entry: Entry): boolean {
    try {
      this.#config.attributes.add(entry);
      this.#config.resource.add(entry);
      return true;
    } catch (error) {
      this.#settings.logger.error('Cannot create an entry', { error: (error as Error).message });
      return false;
    }
  }

  #run(): void {
    if (this.#in.length === 0) return;
    const entries = this.#in;
    this.#in = [];
    this.#pipeline.process(entries);
  }

  take(): Logs | undefined {
    const builder = new LogsBuilder();
    this.drain(builder);
    return builder.itemCount === 0 ? undefined : builder.finish();
  }

  /** Moves everything added so far to a batch. */
  drain(builder: LogsBuilder): void {
    this.#run();
    this.#bytes = 0;
    const entries = this.#out;
    this.#out = [];
    writeEntries(builder, entries);
  }

  flush(all: boolean): void {
    this.#run();
    if (all) this.#pipeline.stop();
  }

  held(): ReadonlyMap<object, number> {
    return this.#pipeline.held();
  }
}
