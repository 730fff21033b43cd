import { AttributeList } from '../attribute-list.ts';
import { ByteBuffer } from '../byte-buffer.ts';
import { Dictionary } from '../dictionary.ts';
import { Ranges, readVarint, Scan, skipField } from '../scan.ts';
import { Kind, ValueAt } from '../value-at.ts';
import { sipHash24 } from './siphash.ts';
import { appendPairs, appendTypedJson } from './typed-json.ts';

type SetKind = 'resource' | 'scope';

const SERVICE_NAME = new TextEncoder().encode('service.name');

/** A resource or scope as it is kept in the dictionary tables: its message, its URL, its id. */
export interface InternedSet {
  readonly kind: SetKind;
  readonly idLow: number;
  readonly idHigh: number;
  /** The Resource or InstrumentationScope message. */
  readonly message: Uint8Array;
  readonly url: Uint8Array;
  /** `service.name` if it is a string, otherwise empty. */
  readonly service: Uint8Array;
  /** Typed JSON of the whole set, for the rows themselves when there are too many sets; or empty. */
  readonly inline: Uint8Array;
}

/** Limits of {@link SetTable}. */
export interface SetLimits {
  /** Sets remembered; beyond, all are forgotten and found anew (rows are written again). */
  readonly remembered: number;
  /** New sets of one kind in a day; what comes beyond is stored with each row. */
  readonly newADay: number;
}

const defaultSetLimits: SetLimits = { remembered: 100_000, newADay: 200_000 };

/** Bytes of messages remembered at most, whatever their number. */
const MAX_BYTES = 64 * 1024 * 1024;

/**
 * Finds the id of resources and scopes. The bytes as they came are the key, so that the canonical
 * form is made once for each encoding of a set that is seen.
 */
export class SetTable {
  readonly kind: SetKind;
  readonly #key: Uint8Array;
  readonly #limits: SetLimits;
  readonly #seen = new Dictionary();
  readonly #probe = new ByteBuffer(512);
  #sets: InternedSet[] = [];
  #newToday = 0;
  #day = -1;
  /** Sets that were stored with their rows since start. */
  inlined = 0;

  /** @param key 16 bytes, the same for all gateways that write to one database */
  constructor(kind: SetKind, key: Uint8Array, limits: SetLimits = defaultSetLimits) {
    this.kind = kind;
    this.#key = key;
    this.#limits = limits;
  }

  /**
   * The set in message bytes `[start, end)` of `b` with schema URL `[urlStart, urlEnd)`.
   * @param today days since 1970, for the limit of new sets
   */
  find(
    b: Uint8Array,
    start: number,
    end: number,
    urlStart: number,
    urlEnd: number,
    today: number,
  ): InternedSet {
    const probe = this.#probe;
    probe.length = 0;
    probe.varint(end - start);
    probe.copy(b, start, end);
    probe.copy(b, urlStart, urlEnd);
    const known = this.#seen.size;
    const id = this.#seen.id(probe.bytes, 0, probe.length);
    if (id < known) return this.#sets[id]!;
    const set = this.#make(b.slice(start, end), b.slice(urlStart, urlEnd), today);
    if (known >= this.#limits.remembered || this.#seen.content.length > MAX_BYTES) {
      this.#seen.reset();
      this.#seen.id(probe.bytes, 0, probe.length);
      this.#sets = [];
    }
    this.#sets.push(set);
    return set;
  }

  #make(message: Uint8Array, url: Uint8Array, today: number): InternedSet {
    const canonical = canonicalSet(this.kind, message, url);
    const hash = { low: 0, high: 0 };
    sipHash24(this.#key, canonical, 0, canonical.length, hash);
    if (today !== this.#day) {
      this.#day = today;
      this.#newToday = 0;
    }
    const tooMany = ++this.#newToday > this.#limits.newADay;
    if (tooMany) this.inlined++;
    return {
      kind: this.kind,
      idLow: hash.low,
      idHigh: hash.high,
      message,
      url,
      service: this.kind === 'resource' ? serviceOf(message) : new Uint8Array(0),
      inline: tooMany ? inlineText(this.kind, message, url) : new Uint8Array(0),
    };
  }
}

/** The parts of a Resource or InstrumentationScope message. */
export class SetFields {
  readonly attributes = new AttributeList();
  readonly entityRefs = new Ranges();
  nameStart = 0;
  nameEnd = 0;
  versionStart = 0;
  versionEnd = 0;
  dropped = 0;
  readonly #scan = new Scan();

  read(kind: SetKind, b: Uint8Array): void {
    const attributesTag = kind === 'resource' ? 10 : 26;
    const droppedTag = kind === 'resource' ? 16 : 32;
    const scan = this.#scan;
    this.attributes.clear();
    this.entityRefs.count = 0;
    this.nameStart = this.nameEnd = this.versionStart = this.versionEnd = 0;
    this.dropped = 0;
    for (let p = 0; p < b.length; ) {
      const tag = b[p]!;
      if (tag === droppedTag) {
        p = readVarint(b, p + 1, scan);
        this.dropped = scan.value;
        continue;
      }
      if (tag !== 10 && tag !== 18 && tag !== 26) {
        p = skipField(b, p, scan);
        continue;
      }
      p = readVarint(b, p + 1, scan);
      const next = p + scan.value;
      if (tag === attributesTag) this.attributes.add(b, p, next);
      else this.#other(kind, tag, p, next);
      p = next;
    }
  }

  #other(kind: SetKind, tag: number, start: number, end: number): void {
    if (kind === 'resource') {
      if (tag === 26) this.entityRefs.add(start, end);
    } else if (tag === 10) {
      this.nameStart = start;
      this.nameEnd = end;
    } else {
      this.versionStart = start;
      this.versionEnd = end;
    }
  }
}

function serviceOf(message: Uint8Array): Uint8Array {
  const fields = new SetFields();
  fields.read('resource', message);
  const { attributes } = fields;
  const at = attributes.find(message, SERVICE_NAME);
  if (at === -1) return new Uint8Array(0);
  const value = new ValueAt();
  value.locate(message, attributes.valueStart[at]!, attributes.valueEnd[at]!);
  return value.kind === Kind.STRING ? message.slice(value.start, value.end) : new Uint8Array(0);
}

/**
 * The form that is hashed: equal for sets that differ in the order of keys, of map entries, or in
 * the bits of a NaN; different for 5 and 5.0, or "5" and 5.
 *
 *     u8 'r' | 's'
 *     string schema URL
 *     string name, string version         (scopes only)
 *     u32 dropped attributes
 *     varint attributes, then for each, sorted by key: string key, string value as typed JSON with
 *     its maps sorted
 *     varint entity references, each a string  (resources only)
 *
 * where a string is a varint length and bytes. Equal keys stay in the order sent.
 */
export function canonicalSet(kind: SetKind, message: Uint8Array, url: Uint8Array): Uint8Array {
  const out = new ByteBuffer(512);
  const fields = new SetFields();
  fields.read(kind, message);
  out.u8(kind === 'resource' ? 114 : 115);
  appendText(out, url, 0, url.length);
  if (kind === 'scope') {
    appendText(out, message, fields.nameStart, fields.nameEnd);
    appendText(out, message, fields.versionStart, fields.versionEnd);
  }
  out.u32(fields.dropped);
  const { attributes, entityRefs } = fields;
  out.varint(attributes.count);
  const value = new ByteBuffer(128);
  for (const i of sortedByKey(message, attributes)) {
    appendText(out, message, attributes.keyStart[i]!, attributes.keyEnd[i]!);
    value.length = 0;
    const [start, end] = [attributes.valueStart[i]!, attributes.valueEnd[i]!];
    appendTypedJson(value, message, start, end, 'sorted');
    appendText(out, value.bytes, 0, value.length);
  }
  if (kind === 'resource') {
    out.varint(entityRefs.count);
    for (let i = 0; i < entityRefs.count; i++) {
      appendText(out, message, entityRefs.start(i), entityRefs.end(i));
    }
  }
  return out.view();
}

/** Indexes of `list` in the order of keys; equal keys stay in the order sent. */
export function sortedByKey(b: Uint8Array, list: AttributeList): number[] {
  const order = Array.from({ length: list.count }, (_, i) => i);
  return order.sort((i, j) => list.compareKeys(b, i, j));
}

/** Adds a varint length and bytes `[start, end)`. */
export function appendText(out: ByteBuffer, b: Uint8Array, start: number, end: number): void {
  out.varint(end - start);
  out.copy(b, start, end);
}

/** The whole set as typed JSON (docs/schema.md). */
function inlineText(kind: SetKind, message: Uint8Array, url: Uint8Array): Uint8Array {
  const out = new ByteBuffer(512);
  const fields = new SetFields();
  fields.read(kind, message);
  out.latin1('{');
  if (kind === 'scope') {
    appendMember(out, '"name":', message, fields.nameStart, fields.nameEnd);
    appendMember(out, ',"version":', message, fields.versionStart, fields.versionEnd);
    out.latin1(',');
  }
  out.latin1('"attributes":');
  appendAttributes(out, message, fields.attributes);
  out.latin1(`,"dropped_attributes":${fields.dropped}`);
  appendMember(out, ',"schema_url":', url, 0, url.length);
  if (kind === 'resource') {
    const refs = Array.from({ length: fields.entityRefs.count }, (_, i) => {
      const bytes = message.subarray(fields.entityRefs.start(i), fields.entityRefs.end(i));
      return `{"@bytes":"${Buffer.from(bytes).toString('base64')}"}`;
    });
    out.latin1(`,"entity_refs":[${refs.join(',')}]`);
  }
  out.latin1('}');
  return out.view();
}

function appendMember(
  out: ByteBuffer,
  name: string,
  b: Uint8Array,
  start: number,
  end: number,
): void {
  out.latin1(name);
  const text = JSON.stringify(new TextDecoder().decode(b.subarray(start, end)));
  const bytes = new TextEncoder().encode(text);
  out.copy(bytes, 0, bytes.length);
}

/** The attributes as a map, by way of a KeyValueList of the same pairs. */
function appendAttributes(out: ByteBuffer, b: Uint8Array, list: AttributeList): void {
  const pairs = new ByteBuffer(256);
  const pair = new ByteBuffer(128);
  for (let i = 0; i < list.count; i++) {
    pair.length = 0;
    pair.u8(10);
    appendText(pair, b, list.keyStart[i]!, list.keyEnd[i]!);
    pair.u8(18);
    appendText(pair, b, list.valueStart[i]!, list.valueEnd[i]!);
    pairs.u8(10);
    appendText(pairs, pair.bytes, 0, pair.length);
  }
  appendPairs(out, pairs.bytes, 0, pairs.length, 'sent');
}
