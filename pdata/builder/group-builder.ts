import type { Batch } from '../batch.ts';
import { OtlpBatch } from '../otlp-batch.ts';
import { Writer } from '../proto/writer.ts';
import type { Signal } from '../signal.ts';
import {
  type AttributeSet,
  type AttributeValue,
  writeAttribute,
  writeAttributes,
} from '../values.ts';

const closed = -1;

/**
 * Writes an export request directly as bytes: `resource()`, `scope()`, then items, again and again,
 * then `finish()`. A builder may be used again after that; it keeps its buffer.
 */
export class GroupBuilder<S extends Signal> {
  /** For hot paths: fields of the open item may be written here directly. */
  readonly writer = new Writer(4096);
  readonly #signal: S;
  #group = closed;
  #scope = closed;
  #items = 0;

  constructor(signal: S) {
    this.#signal = signal;
  }

  /** Items written since the last finish. */
  get itemCount(): number {
    return this.#items;
  }

  /** Bytes written since the last finish. */
  get byteLength(): number {
    return this.writer.length;
  }

  /** Starts a resource; ends the one before. */
  resource(attributes: AttributeSet = {}, schemaUrl = ''): void {
    this.#closeGroup();
    const w = this.writer;
    this.#group = w.open(1, 3);
    const at = w.open(1, 2);
    writeAttributes(w, 1, attributes);
    w.close(at);
    if (schemaUrl !== '') w.stringField(3, schemaUrl);
  }

  /**
   * Starts a resource from the fields of a Resource message as they are, e.g. the attributes of
   * another batch's resource.
   */
  rawResource(fields: Uint8Array): void {
    this.#closeGroup();
    this.#group = this.writer.open(1, 3);
    this.writer.bytesField(1, fields);
  }

  /** Starts a scope of the current resource (of an empty one if there is none). */
  scope(name = '', version = '', attributes: AttributeSet = {}, schemaUrl = ''): void {
    this.closeScope();
    if (this.#group === closed) this.resource();
    const w = this.writer;
    this.#scope = w.open(2, 3);
    const at = w.open(1);
    if (name !== '') w.stringField(1, name);
    if (version !== '') w.stringField(2, version);
    writeAttributes(w, 3, attributes);
    w.close(at);
    if (schemaUrl !== '') w.stringField(3, schemaUrl);
  }

  /** Writes one attribute of the open item as its field `field` (spans 9, logs 6, points 7 or 9). */
  attribute(field: number, key: string, value: AttributeValue): void {
    writeAttribute(this.writer, field, key, value);
  }

  /** Forgets what was written since the last finish: after an error in between. */
  discard(): void {
    this.#closeGroup();
    this.writeEnd();
    this.#items = 0;
    this.writer.length = 0;
  }

  /** Everything written, as a batch with a buffer of its own. */
  finish(): Batch<S> {
    this.#closeGroup();
    this.writeEnd();
    const items = this.#items;
    this.#items = 0;
    return new OtlpBatch(this.#signal, [this.writer.take()], [items]);
  }

  /** For builders that write more than groups: called when the last is closed. */
  protected writeEnd(): void {}

  /** Starts an item or metric in field 2 of the scope. */
  protected openEntry(): number {
    if (this.#scope === closed) this.scope();
    return this.writer.open(2, 2);
  }

  protected countItem(): void {
    this.#items += 1;
  }

  /** Ends the open scope. */
  protected closeScope(): void {
    if (this.#scope !== closed) this.writer.close(this.#scope);
    this.#scope = closed;
  }

  #closeGroup(): void {
    this.closeScope();
    if (this.#group !== closed) this.writer.close(this.#group);
    this.#group = closed;
  }
}
