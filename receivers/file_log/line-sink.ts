import { isUtf8 } from 'node:buffer';
import type { Settings } from '../../component/settings.ts';
import { unixNs } from '../../component/unix-ns.ts';
import type { Logs } from '../../pdata/batch.ts';
import { LogsBuilder } from '../../pdata/builder.ts';
import { varintSize, Writer } from '../../pdata/proto/writer.ts';
import type { LogEncoding } from '../../stanza/encoding.ts';
import type { FileLogConfig } from './config.ts';
import type { LogFile } from './log-file.ts';
import type { Sink } from './sink.ts';

const none: ReadonlyMap<object, number> = new Map();

/** The attributes of every entry of a file, as bytes of OTLP. */
export function encodeAttributes(...maps: readonly ReadonlyMap<string, string>[]): Uint8Array {
  const w = new Writer(256);
  const all = new Map(maps.flatMap((map) => [...map]));
  for (const [key, value] of all) {
    const at = w.open(6);
    w.stringField(1, key);
    const inner = w.open(2);
    w.stringField(1, value);
    w.close(inner);
    w.close(at);
  }
  return w.take();
}

/** Writes a body of text that is there as UTF-8. */
export function writeBody(w: Writer, data: Buffer, from: number, to: number): void {
  const size = to - from;
  w.tag(5, 2);
  w.varint(1 + varintSize(size) + size);
  w.tag(1, 2);
  w.varint(size);
  w.copy(data, from, to);
}

/** Writes an integer attribute of a record. */
export function writeCount(w: Writer, key: string, value: number): void {
  const at = w.open(6);
  w.stringField(1, key);
  const inner = w.open(2);
  w.intField(3, value);
  w.close(inner);
  w.close(at);
}

/** The short way without operators: lines become records byte for byte, without objects. */
export class LineSink implements Sink {
  readonly #config: FileLogConfig;
  readonly #settings: Settings;
  readonly #encoding: LogEncoding;
  readonly #builder = new LogsBuilder();
  #resource = false;
  #attributes: Uint8Array = new Uint8Array(0);
  #observed = 0n;

  constructor(settings: Settings, config: FileLogConfig, encoding: LogEncoding) {
    this.#settings = settings;
    this.#config = config;
    this.#encoding = encoding;
  }

  get pending(): number {
    return this.#builder.itemCount;
  }

  get bytes(): number {
    return this.#builder.byteLength;
  }

  begin(file: LogFile): void {
    // What the file says wins over what the configuration says.
    this.#attributes = encodeAttributes(this.#config.attributes.fixed!, file.state.attributes);
    this.#observed = unixNs(this.#settings.clock);
  }

  add(data: Buffer, from: number, to: number, offset: number, record: number): void {
    const builder = this.#builder;
    if (!this.#resource) {
      builder.resource(this.#config.resource.fixed!);
      builder.scope();
      this.#resource = true;
    }
    const w = builder.writer;
    const at = builder.openRecord();
    this.#body(w, data, from, to);
    w.raw(this.#attributes);
    if (this.#config.include_file_record_number) {
      writeCount(w, 'log.file.record_number', record);
    }
    if (this.#config.include_file_record_offset) {
      writeCount(w, 'log.file.record_offset', offset);
    }
    w.bigFixed64Field(11, this.#observed);
    builder.closeRecord(at);
  }

  #body(w: Writer, data: Buffer, from: number, to: number): void {
    const { isNop, isUtf8: utf8, isRaw } = this.#encoding;
    if (isNop) {
      const body = w.open(5, 2);
      w.bytesField(7, data.subarray(from, to));
      w.close(body);
    } else if (utf8 && (isRaw || isUtf8(data.subarray(from, to)))) writeBody(w, data, from, to);
    else {
      const text = utf8
        ? data.toString('utf8', from, to)
        : this.#encoding.decode(data.subarray(from, to));
      const body = w.open(5, 2);
      w.stringField(1, text);
      w.close(body);
    }
  }

  take(): Logs | undefined {
    if (this.#builder.itemCount === 0) return undefined;
    this.#resource = false;
    return this.#builder.finish();
  }

  flush(): void {}

  held(): ReadonlyMap<object, number> {
    return none;
  }
}
