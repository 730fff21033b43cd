import type { Settings } from '../../component/settings.ts';
import { unixNs } from '../../component/unix-ns.ts';
import type { Logs } from '../../pdata/batch.ts';
import { LogsBuilder } from '../../pdata/builder.ts';
import type { LogEncoding } from '../../stanza/encoding.ts';
import type { ContainerLines } from '../../stanza/operator.ts';
import { pathMetadata } from '../../stanza/parse/container.ts';
import { CriLine } from '../../stanza/parse/cri.ts';
import type { FileLogConfig } from './config.ts';
import { EntrySink } from './entry-sink.ts';
import { encodeAttributes, writeBody, writeCount } from './line-sink.ts';
import type { FileState, LogFile } from './log-file.ts';
import type { Sink } from './sink.ts';

/** Attributes that the operator sets and takes away. */
const used = ['time', 'stream', 'logtag', 'log', 'log.iostream'];
const tag = { logtag: 'F' };
const stdout = encodeAttributes(new Map(Object.entries({ ...tag, 'log.iostream': 'stdout' })));
const stderr = encodeAttributes(new Map(Object.entries({ ...tag, 'log.iostream': 'stderr' })));

/**
 * The short way for the container operator alone: whole lines of CRI-O and containerd become
 * records without objects. Everything else, and what has to wait for it, goes the general way.
 */
export class ContainerSink implements Sink {
  readonly #config: FileLogConfig;
  readonly #settings: Settings;
  readonly #container: ContainerLines;
  readonly #general: EntrySink;
  readonly #line = new CriLine();
  readonly #builder = new LogsBuilder();
  /** Files of which something went the general way and may wait there, with their path then. */
  readonly #given = new Map<FileState, string | undefined>();
  #state: FileState | undefined;
  #path: string | undefined;
  /** Of the file; undefined when its lines cannot go the short way. */
  #resource: ReadonlyMap<string, string> | undefined;
  #attributes: Uint8Array = new Uint8Array(0);
  /** Whether the builder's resource is that of the file. */
  #open = false;
  /** Whether something went the general way that has to come first. */
  #behind = false;
  #observed = 0n;

  constructor(
    settings: Settings,
    config: FileLogConfig,
    encoding: LogEncoding,
    container: ContainerLines,
  ) {
    this.#settings = settings;
    this.#config = config;
    this.#container = container;
    this.#general = new EntrySink(settings, config, encoding);
  }

  get pending(): number {
    return this.#builder.itemCount + this.#general.pending;
  }

  get bytes(): number {
    return this.#builder.byteLength + this.#general.bytes;
  }

  begin(file: LogFile): void {
    this.#general.begin(file);
    this.#state = file.state;
    const { attributes, resource } = this.#config;
    const all = new Map([...attributes.fixed!, ...file.state.attributes]);
    const path = all.get('log.file.path');
    if (path !== this.#path) this.#open = false;
    this.#path = path;
    const metadata = path === undefined ? undefined : this.#metadata(path);
    const short = metadata !== undefined && !used.some((key) => all.has(key));
    this.#resource = short ? new Map([...resource.fixed!, ...metadata]) : undefined;
    this.#attributes = encodeAttributes(all);
    this.#observed = unixNs(this.#settings.clock);
    this.#behind = this.#general.pending > 0 || this.#waits();
  }

  #metadata(path: string): ReadonlyMap<string, string> | undefined {
    return this.#container.fromPath ? pathMetadata(path) : new Map();
  }

  /** Whether the beginning of a line of this path waits for its end, maybe in a renamed file. */
  #waits(): boolean {
    const held = this.#general.held();
    let found = false;
    for (const [state, path] of this.#given) {
      if (!held.has(state)) this.#given.delete(state);
      else if (path === this.#path) found = true;
    }
    return found;
  }

  add(data: Buffer, from: number, to: number, offset: number, record: number): void {
    if (this.#isShort(data, from, to) && this.#isNext()) this.#write(data, to, offset, record);
    else {
      this.#behind = true;
      this.#given.set(this.#state!, this.#path);
      this.#general.add(data, from, to, offset, record);
    }
  }

  #isShort(data: Buffer, from: number, to: number): boolean {
    const { format } = this.#container;
    if (this.#resource === undefined || !this.#line.read(data, from, to)) return false;
    return format === undefined || format === this.#line.format;
  }

  /** Puts what came before into the batch. @returns whether that was all */
  #isNext(): boolean {
    if (!this.#behind) return true;
    this.#drain();
    this.#behind = this.#waits();
    return !this.#behind;
  }

  #drain(): void {
    const before = this.#builder.itemCount;
    this.#general.drain(this.#builder);
    if (this.#builder.itemCount > before) this.#open = false;
  }

  #write(data: Buffer, to: number, offset: number, record: number): void {
    const builder = this.#builder;
    if (!this.#open) {
      builder.resource(this.#resource!);
      builder.scope();
      this.#open = true;
    }
    const { seconds, nanoseconds, isStderr, logFrom } = this.#line;
    const w = builder.writer;
    const at = builder.openRecord();
    w.bigFixed64Field(1, BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds));
    writeBody(w, data, logFrom, to);
    w.raw(this.#attributes);
    if (this.#config.include_file_record_number) {
      writeCount(w, 'log.file.record_number', record);
    }
    if (this.#config.include_file_record_offset) {
      writeCount(w, 'log.file.record_offset', offset);
    }
    w.raw(isStderr ? stderr : stdout);
    w.bigFixed64Field(11, this.#observed);
    builder.closeRecord(at);
  }

  take(): Logs | undefined {
    this.#drain();
    this.#open = false;
    return this.#builder.itemCount === 0 ? undefined : this.#builder.finish();
  }

  flush(all: boolean): void {
    this.#general.flush(all);
  }

  held(): ReadonlyMap<object, number> {
    return this.#general.held();
  }
}
