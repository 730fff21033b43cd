import type { Profiles } from '../batch.ts';
import { Dictionary, fixed64sOf, indexOf, integersOf } from '../profiles/dictionary.ts';
import { DictionaryIndex, ProfileTable, placesOf } from '../profiles/tables.ts';
import { NodeKind } from '../tree.ts';
import { GroupReader } from './group-reader.ts';
import { MessageView } from './message-view.ts';
import { ValueView } from './value-view.ts';

/** Field numbers of Profile. */
export const ProfileField = {
  sampleType: 1,
  time: 3,
  duration: 4,
  periodType: 5,
  period: 6,
  profileId: 7,
  droppedAttributes: 8,
  payloadFormat: 9,
  payload: 10,
  attributes: 11,
} as const;

/** Field numbers of Sample. */
export const SampleField = { stack: 1, attributes: 2, link: 3, values: 4, timestamps: 5 } as const;

/** What values count. */
export interface ProfileValueType {
  /** E.g. `cpu`. */
  readonly type: string;
  /** E.g. `nanoseconds`. */
  readonly unit: string;
}

/** One line of a stack; '' and 0 = not known. */
export interface Frame {
  readonly function: string;
  readonly systemFunction: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Of the instruction, unsigned. */
  readonly address: bigint;
  /** The file that is mapped there. */
  readonly mapping: string;
}

/**
 * Walks samples; `item` is the sample, `profile` what it belongs to. Indices are looked up in the
 * dictionary of the request at hand; one that its table does not have reads as the zero value.
 */
export class ProfileReader extends GroupReader<'profiles'> {
  /** Fields: {@link ProfileField}. */
  readonly profile = new MessageView();
  readonly #location = new MessageView();
  readonly #entry = new MessageView();
  readonly #value = new ValueView();
  #dictionary: Dictionary | undefined;
  #dictionaryPart = -1;

  constructor(batch: Profiles) {
    super(batch);
  }

  /** The tables of the request that the walk is in. */
  get dictionary(): Dictionary {
    if (this.#dictionary === undefined || this.#dictionaryPart !== this.part) {
      this.#dictionary = new Dictionary(new DictionaryIndex(this.bytes));
      this.#dictionaryPart = this.part;
    }
    return this.#dictionary;
  }

  /** Moves to the next profile of the scope, also one without samples. */
  nextProfile(): boolean {
    while (this.kindAt(this.node) > NodeKind.container) this.node += 1;
    if (this.kindAt(this.node) !== NodeKind.container) return false;
    this.enterContainer(this.node);
    this.node += 1;
    return true;
  }

  /** Moves to the next sample of the profile that {@link nextProfile} moved to. */
  nextSample(): boolean {
    return this.kindAt(this.node) === NodeKind.item && this.nextItem();
  }

  protected override enterContainer(node: number): void {
    this.bindNode(this.profile, node);
  }

  /** What the values of samples are. */
  get sampleType(): ProfileValueType {
    return this.#valueType(ProfileField.sampleType);
  }

  /** What {@link ProfileField.period} is in. */
  get periodType(): ProfileValueType {
    return this.#valueType(ProfileField.periodType);
  }

  #valueType(field: number): ProfileValueType {
    if (!this.profile.findField(field)) return { type: '', unit: '' };
    const { bytes, start, end } = this.profile.value;
    this.#entry.bindBytes(bytes, start, end);
    return { type: this.#text(this.#entry, 1), unit: this.#text(this.#entry, 2) };
  }

  /** The sample's values, inexact beyond 2^53. */
  get values(): number[] {
    return integersOf(this.item, SampleField.values);
  }

  /** When the sample was taken, each in nanoseconds since 1970. */
  get timestamps(): bigint[] {
    return fixed64sOf(this.item, SampleField.timestamps);
  }

  /** Puts `view` on the sample's link: fields 1 trace id, 2 span id. @returns false when none */
  findLink(view: MessageView): boolean {
    const index = indexOf(this.item, SampleField.link);
    return index !== 0 && this.dictionary.find(view, ProfileTable.link, index);
  }

  /** The sample's stack, the function that ran first; inlined functions are frames of their own. */
  frames(): Frame[] {
    const { dictionary } = this;
    dictionary.find(this.#entry, ProfileTable.stack, indexOf(this.item, SampleField.stack));
    return integersOf(this.#entry, 1).flatMap((index) => this.#framesOf(index));
  }

  #framesOf(index: number): Frame[] {
    const { dictionary } = this;
    const location = this.#location;
    if (!dictionary.find(location, ProfileTable.location, index)) return [];
    location.uint(2);
    const address = (BigInt(location.hi) << 32n) | BigInt(location.lo);
    dictionary.find(this.#entry, ProfileTable.mapping, indexOf(location, 1));
    const mapping = this.#text(this.#entry, 4);
    const lines = placesOf(location.bytes, location.start, location.end, 26);
    const frames: Frame[] = [];
    for (let i = 0; i < lines.length; i += 2) {
      this.#entry.bindBytes(location.bytes, lines[i]!, lines[i + 1]!);
      const [line, column] = [this.#entry.uint(2), this.#entry.uint(3)];
      dictionary.find(this.#entry, ProfileTable.function, indexOf(this.#entry, 1));
      frames.push({
        function: this.#text(this.#entry, 1),
        systemFunction: this.#text(this.#entry, 2),
        file: this.#text(this.#entry, 3),
        line,
        column,
        address,
        mapping,
      });
    }
    if (frames.length > 0) return frames;
    const unknown = { function: '', systemFunction: '', file: '', line: 0, column: 0 };
    return [{ ...unknown, address, mapping }];
  }

  /** Attributes of the profile at hand. */
  eachProfileAttribute(visit: (key: string, value: ValueView, unit: string) => void): void {
    this.#eachAttribute(this.profile, ProfileField.attributes, visit);
  }

  /** Attributes of the sample at hand; `value` is moved from one to the next. */
  eachSampleAttribute(visit: (key: string, value: ValueView, unit: string) => void): void {
    this.#eachAttribute(this.item, SampleField.attributes, visit);
  }

  #eachAttribute(
    view: MessageView,
    field: number,
    visit: (key: string, value: ValueView, unit: string) => void,
  ): void {
    for (const index of integersOf(view, field)) {
      const entry = this.#entry;
      if (!this.dictionary.find(entry, ProfileTable.attribute, index)) continue;
      if (entry.findField(2)) {
        const { bytes, start, end } = entry.value;
        this.#value.locate(bytes, start, end);
      } else this.#value.locate(entry.bytes, 0, 0);
      visit(this.#text(entry, 1), this.#value, this.#text(entry, 3));
    }
  }

  #text(view: MessageView, field: number): string {
    return this.dictionary.text(indexOf(view, field)) ?? '';
  }
}
