import type { Batch } from '../../pdata/batch.ts';
import type { Signal } from '../../pdata/signal.ts';
import type { AttributeSet } from '../../pdata/values.ts';
import { decode } from './decode.ts';
import type { Instances } from './instances.ts';
import { ResourceGroup } from './resource-group.ts';
import type { MessageName } from './schema.ts';
import type { Carry, Translator } from './translator.ts';

/** As much of a builder as translators need. */
interface Builder<S extends Signal> {
  readonly itemCount: number;
  readonly byteLength: number;
  resource(attributes: AttributeSet): void;
  scope(name: string): void;
  finish(): Batch<S>;
}

/** Translates messages that are decoded one by one; those of an instance share a resource. */
export abstract class MessageTranslator<T, S extends Signal, B extends Builder<S>>
  implements Translator<S>
{
  protected readonly builder: B;
  /** Where the instance of what is written is said. */
  protected readonly group: ResourceGroup;
  readonly #name: MessageName;

  constructor(name: MessageName, instances: Instances, builder: B) {
    this.#name = name;
    this.builder = builder;
    this.group = new ResourceGroup(builder, instances);
  }

  /** Writes what a message says. @param nowMs when it came */
  protected abstract write(message: T, nowMs: number, carry: Carry): void;

  get items(): number {
    return this.builder.itemCount;
  }

  get byteLength(): number {
    return this.builder.byteLength;
  }

  add(chunk: Uint8Array, start: number, end: number, carry: Carry, nowMs: number): void {
    this.write(decode<T>(this.#name, chunk, start, end), nowMs, carry);
  }

  finish(): Batch<S> {
    this.group.leave();
    return this.builder.finish();
  }
}
