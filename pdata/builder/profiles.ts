import { type JoinedTable, newTables, writeTables } from '../profiles/rewrite.ts';
import { ProfileTable } from '../profiles/tables.ts';
import { Writer } from '../proto/writer.ts';
import { type AttributeValue, writeValue } from '../values.ts';
import { GroupBuilder } from './group-builder.ts';

/** What values count, as texts. */
export interface ValueTypeFields {
  readonly type: string;
  readonly unit: string;
}

/** One profile. Times are nanoseconds since 1970. */
export interface ProfileFields {
  readonly sampleType: ValueTypeFields;
  readonly timeUnixNano?: bigint;
  readonly durationNano?: bigint;
  readonly periodType?: ValueTypeFields;
  readonly period?: bigint;
  /** 16 bytes. */
  readonly profileId?: Uint8Array;
  readonly droppedAttributesCount?: number;
  readonly originalPayloadFormat?: string;
  readonly originalPayload?: Uint8Array;
  /** What {@link ProfilesBuilder.attribute} gave. */
  readonly attributes?: readonly number[];
}

/** One sample; indices are those that the builder gave, 0 = none. */
export interface SampleFields {
  readonly stack?: number;
  readonly attributes?: readonly number[];
  readonly link?: number;
  readonly values?: readonly (number | bigint)[];
  readonly timestampsUnixNano?: readonly bigint[];
}

/** A file mapped into memory, by addresses; attributes as {@link SampleFields} has them. */
export interface MappingFields {
  readonly memoryStart?: bigint;
  readonly memoryLimit?: bigint;
  readonly fileOffset?: bigint;
  readonly filename?: string;
  readonly attributes?: readonly number[];
}

/** A function; `systemName` is its name as a linker has it, lines count from 1, 0 = not known. */
export interface FunctionFields {
  readonly name: string;
  readonly systemName?: string;
  readonly filename?: string;
  readonly startLine?: number;
}

/** A place in code; `mapping` and `function` are indices that the builder gave, 0 = none. */
export interface LocationFields {
  readonly mapping?: number;
  readonly address?: bigint;
  /** The innermost of inlined functions first. */
  readonly lines?: readonly { function: number; line?: number; column?: number }[];
  readonly attributes?: readonly number[];
}

/**
 * Builds `Profiles`: what is shared goes into the dictionary first (`stackOf`, `locationOf` ...; equal
 * entries have one index), then `profile()` and its samples. The dictionary starts anew after
 * `finish()`, and so do indices.
 */
export class ProfilesBuilder extends GroupBuilder<'profiles'> {
  readonly #entry = new Writer(256);
  #tables: JoinedTable[] = newTables();
  #profile = -1;

  constructor() {
    super('profiles');
  }

  /** Index of a text. */
  textOf(text: string): number {
    return this.#tables[ProfileTable.string]!.add(Buffer.from(text.toWellFormed()));
  }

  /** Index of an attribute for samples, profiles, mappings or locations. */
  attributeOf(key: string, value: AttributeValue, unit = ''): number {
    return this.#add(ProfileTable.attribute, (w) => {
      index(w, 1, this.textOf(key));
      const at = w.open(2);
      writeValue(w, value);
      w.close(at);
      index(w, 3, this.textOf(unit));
    });
  }

  mappingOf(fields: MappingFields): number {
    return this.#add(ProfileTable.mapping, (w) => {
      integer(w, 1, fields.memoryStart);
      integer(w, 2, fields.memoryLimit);
      integer(w, 3, fields.fileOffset);
      index(w, 4, this.textOf(fields.filename ?? ''));
      packed(w, 5, fields.attributes);
    });
  }

  functionOf(fields: FunctionFields): number {
    return this.#add(ProfileTable.function, (w) => {
      index(w, 1, this.textOf(fields.name));
      index(w, 2, this.textOf(fields.systemName ?? ''));
      index(w, 3, this.textOf(fields.filename ?? ''));
      integer(w, 4, fields.startLine);
    });
  }

  locationOf(fields: LocationFields): number {
    return this.#add(ProfileTable.location, (w) => {
      index(w, 1, fields.mapping ?? 0);
      integer(w, 2, fields.address);
      for (const line of fields.lines ?? []) {
        const at = w.open(3);
        index(w, 1, line.function);
        integer(w, 2, line.line);
        integer(w, 3, line.column);
        w.close(at);
      }
      packed(w, 4, fields.attributes);
    });
  }

  /** @param locations what {@link locationOf} gave, the function that ran first */
  stackOf(locations: readonly number[]): number {
    return this.#add(ProfileTable.stack, (w) => packed(w, 1, locations));
  }

  /** @param traceId 16 bytes. @param spanId 8 bytes */
  linkOf(traceId: Uint8Array, spanId: Uint8Array): number {
    return this.#add(ProfileTable.link, (w) => {
      w.bytesField(1, traceId);
      w.bytesField(2, spanId);
    });
  }

  #add(table: number, write: (w: Writer) => void): number {
    const w = this.#entry;
    w.length = 0;
    write(w);
    return this.#tables[table]!.add(w.take());
  }

  /** Starts a profile; ends the one before. */
  profile(fields: ProfileFields): void {
    this.#closeProfile();
    this.#profile = this.openEntry();
    const w = this.writer;
    this.#valueType(1, fields.sampleType);
    if (fields.timeUnixNano) w.bigFixed64Field(3, fields.timeUnixNano);
    integer(w, 4, fields.durationNano);
    if (fields.periodType !== undefined) this.#valueType(5, fields.periodType);
    integer(w, 6, fields.period);
    if (fields.profileId && fields.profileId.length > 0) w.bytesField(7, fields.profileId);
    integer(w, 8, fields.droppedAttributesCount);
    if (fields.originalPayloadFormat) w.stringField(9, fields.originalPayloadFormat);
    if (fields.originalPayload) w.bytesField(10, fields.originalPayload);
    packed(w, 11, fields.attributes);
  }

  #valueType(field: number, fields: ValueTypeFields): void {
    const w = this.writer;
    const at = w.open(field);
    index(w, 1, this.textOf(fields.type));
    index(w, 2, this.textOf(fields.unit));
    w.close(at);
  }

  /** Writes a sample of the open profile. */
  sample(fields: SampleFields): void {
    if (this.#profile < 0) throw new Error('BUG: a sample outside profile()');
    const w = this.writer;
    const at = w.open(2);
    index(w, 1, fields.stack ?? 0);
    packed(w, 2, fields.attributes);
    index(w, 3, fields.link ?? 0);
    packed(w, 4, fields.values);
    const times = fields.timestampsUnixNano ?? [];
    if (times.length > 0) {
      const list = w.open(5, 2);
      for (const time of times) w.fixed64(Number(time & 0xffffffffn), Number(time >> 32n));
      w.close(list);
    }
    w.close(at);
    this.countItem();
  }

  protected override closeScope(): void {
    this.#closeProfile();
    super.closeScope();
  }

  #closeProfile(): void {
    if (this.#profile >= 0) this.writer.close(this.#profile);
    this.#profile = -1;
  }

  protected override writeEnd(): void {
    writeTables(this.writer, this.#tables);
    this.#tables = newTables();
  }
}

/** An index or none: 0 is not written. */
function index(w: Writer, field: number, value: number): void {
  if (value !== 0) w.uintField(field, value);
}

function integer(w: Writer, field: number, value: number | bigint | undefined): void {
  if (value) w.intField(field, value);
}

function packed(w: Writer, field: number, values: readonly (number | bigint)[] = []): void {
  if (values.length === 0) return;
  const at = w.open(field);
  for (const value of values) {
    const bits = BigInt.asUintN(64, BigInt(value));
    w.varintHalves(Number(bits & 0xffffffffn), Number(bits >> 32n));
  }
  w.close(at);
}
