import { AsString } from '../as-string.ts';
import { AttributeList } from '../attribute-list.ts';
import { SharedAttributes } from '../attributes-column.ts';
import { type LowCardinalityColumn, StringColumn } from '../columns.ts';
import type { Message } from '../message.ts';
import { readVarint, Scan, skipField } from '../scan.ts';
import { SECONDS_A_DAY, secondsOf } from '../time.ts';

const SERVICE_NAME = new TextEncoder().encode('service.name');

/** Bytes of short constant texts, by index; the last index stands for every number beyond. */
export function constants(...texts: string[]): readonly Uint8Array[] {
  return texts.map((text) => new TextEncoder().encode(text));
}

/** Adds the constant with index `index`, an empty text when there is none. */
export function putConstant(
  column: LowCardinalityColumn,
  texts: readonly Uint8Array[],
  index: number,
): void {
  const text = texts[index] ?? EMPTY;
  column.put(text, 0, text.length);
}

const EMPTY = new Uint8Array(0);

/** Adds the bytes of a field of type string. */
export function putField(
  column: StringColumn,
  b: Uint8Array,
  message: Message,
  field: number,
): void {
  column.put(b, message.start[field]!, message.end[field]!);
}

/**
 * The day that toDate(DateTime64(9)) gives for 64 bits of nanoseconds, which read as a signed
 * number: seconds are cut towards zero, days wrap at 65536 (2149-06-07 counts as 1970-01-01).
 */
export function timestampDay(low: number, high: number): number {
  if (high < 0x8000_0000) return Math.floor(secondsOf(low, high) / SECONDS_A_DAY) & 0xffff;
  const negativeLow = -low >>> 0;
  const negativeHigh = (~high + (low === 0 ? 1 : 0)) >>> 0;
  return Math.floor(-secondsOf(negativeLow, negativeHigh) / SECONDS_A_DAY) & 0xffff;
}

/** What the rows below a resource have in common. */
export class ResourceState {
  readonly attributes = new SharedAttributes();
  /** `service.name` as text, one row. */
  readonly service = new StringColumn('');
  serviceStart = 0;
  serviceEnd = 0;
  urlStart = 0;
  urlEnd = 0;
  readonly #list = new AttributeList();
  readonly #asString = new AsString();
  readonly #scan = new Scan();

  /** Takes a Resource message and its schema URL. */
  set(b: Uint8Array, start: number, end: number, urlStart: number, urlEnd: number): void {
    const list = this.#list;
    const scan = this.#scan;
    list.clear();
    for (let p = start; p < end; ) {
      if (b[p] !== 10) {
        p = skipField(b, p, scan);
        continue;
      }
      p = readVarint(b, p + 1, scan);
      const next = p + scan.value;
      list.add(b, p, next);
      p = next;
    }
    this.attributes.set(b, list);
    this.#setService(b, list);
    this.urlStart = urlStart;
    this.urlEnd = urlEnd;
  }

  #setService(b: Uint8Array, list: AttributeList): void {
    const { service } = this;
    service.reset();
    const at = list.find(b, SERVICE_NAME);
    if (at === -1) service.putEmpty();
    else this.#asString.put(service, b, list.valueStart[at]!, list.valueEnd[at]!);
    this.serviceStart = readVarint(service.data.bytes, 0, this.#scan);
    this.serviceEnd = service.data.length;
  }

  putService(column: LowCardinalityColumn): void {
    column.put(this.service.data.bytes, this.serviceStart, this.serviceEnd);
  }
}

/** What the rows below a scope have in common; ranges lie in the bytes given to `set`. */
export class ScopeState {
  readonly attributes = new SharedAttributes();
  nameStart = 0;
  nameEnd = 0;
  versionStart = 0;
  versionEnd = 0;
  dropped = 0;
  urlStart = 0;
  urlEnd = 0;
  readonly #list = new AttributeList();
  readonly #scan = new Scan();

  /** Takes an InstrumentationScope message and its schema URL. */
  set(b: Uint8Array, start: number, end: number, urlStart: number, urlEnd: number): void {
    const list = this.#list;
    const scan = this.#scan;
    list.clear();
    this.nameStart = this.nameEnd = this.versionStart = this.versionEnd = end;
    this.dropped = 0;
    for (let p = start; p < end; ) {
      const tag = b[p]!;
      if (tag !== 10 && tag !== 18 && tag !== 26 && tag !== 32) {
        p = skipField(b, p, scan);
        continue;
      }
      p = readVarint(b, p + 1, scan);
      if (tag === 32) this.dropped = scan.value;
      else p = this.#field(b, p, p + scan.value, tag);
    }
    this.attributes.set(b, list);
    this.urlStart = urlStart;
    this.urlEnd = urlEnd;
  }

  #field(b: Uint8Array, start: number, end: number, tag: number): number {
    if (tag === 10) {
      this.nameStart = start;
      this.nameEnd = end;
    } else if (tag === 18) {
      this.versionStart = start;
      this.versionEnd = end;
    } else this.#list.add(b, start, end);
    return end;
  }
}
