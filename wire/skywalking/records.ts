import { type LogFields, LogsBuilder } from '../../pdata/builder.ts';
import type { AttributeValue } from '../../pdata/values.ts';
import { SkywalkingFault } from './fault.ts';
import type { Instances } from './instances.ts';
import { MessageTranslator } from './message-translator.ts';
import type { MessageName } from './schema.ts';
import { maxMs } from './times.ts';
import type { Carry } from './translator.ts';

/** A log record, and the instance that it is of. */
export interface InstanceRecord extends LogFields {
  readonly service: string;
  readonly instance: string;
}

/** What a message says as log records. @param nowMs when it came */
export type Describe<T> = (message: T, nowMs: number, carry: Carry) => readonly InstanceRecord[];

/** Turns messages into log records, by what a function says of each. */
export class RecordTranslator<T> extends MessageTranslator<T, 'logs', LogsBuilder> {
  readonly #describe: Describe<T>;

  constructor(name: MessageName, instances: Instances, describe: Describe<T>) {
    super(name, instances, new LogsBuilder());
    this.#describe = describe;
  }

  protected override write(message: T, nowMs: number, carry: Carry): void {
    for (const record of this.#describe(message, nowMs, carry)) {
      this.group.enter(record.service, record.instance);
      this.builder.record(record);
    }
  }
}

/** KeyStringValuePair: a tag or a property. */
export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** A time in milliseconds as nanoseconds. @throws SkywalkingFault when it cannot be one */
export function timeOf(ms: bigint, what: string): bigint {
  if (ms >= 0n && ms <= BigInt(maxMs)) return ms * 1_000_000n;
  throw new SkywalkingFault(`cannot take the ${what} ${ms} ms`, 0);
}

/** Attributes that leave out what is absent; a key that comes again gets `.2`, `.3` added. */
export class Attributes extends Map<string, AttributeValue> {
  /** Sets one unless the value is a default: an empty text, zero or false. */
  put(key: string, value: AttributeValue): this {
    if (value === '' || value === 0 || value === 0n || value === false) return this;
    return this.set(key, value);
  }

  pairs(pairs: readonly Pair[], prefix = ''): this {
    for (const { key, value } of pairs) {
      const name = `${prefix}${key}`;
      let free = name;
      for (let n = 2; this.has(free) && n < 1000; n += 1) free = `${name}.${n}`;
      this.set(free, value);
    }
    return this;
  }
}
