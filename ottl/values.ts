/** A map of the language: an attribute set, a decoded object. Keys keep their order. */
export type OttlMap = Map<string, OttlValue>;
/** A list of the language; elements may be of different types. */
export type OttlList = OttlValue[];

/**
 * What expressions give: null is the language's nil, bigints are 64-bit integers, numbers are
 * doubles, Uint8Array is bytes.
 */
export type OttlValue =
  | null
  | boolean
  | string
  | bigint
  | number
  | Uint8Array
  | OttlTime
  | OttlDuration
  | OttlId
  | OttlOpaque
  | OttlList
  | OttlMap;

/** How an instant is shown: an offset from UTC that may change with time. */
export interface OttlZone {
  /** `UTC`, `Local`, an IANA name or an abbreviation. */
  readonly name: string;
  /** Seconds east of UTC at an instant, and what clocks there call it. */
  at(unixSeconds: number): { readonly offset: number; readonly abbreviation: string };
}

const utcOffset = { offset: 0, abbreviation: 'UTC' } as const;

/** The zone of times that name none. */
export const utc: OttlZone = { name: 'UTC', at: () => utcOffset };

/** An instant: nanoseconds since 1970, not limited to 64 bits, and the zone it is shown in. */
export class OttlTime {
  readonly nanos: bigint;
  readonly zone: OttlZone;

  constructor(nanos: bigint, zone: OttlZone = utc) {
    this.nanos = nanos;
    this.zone = zone;
  }
}

/** A length of time in nanoseconds: a signed 64-bit integer. */
export class OttlDuration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = BigInt.asIntN(64, nanos);
  }
}

/** A trace id (16 bytes), span id (8) or profile id (16): never equal to plain bytes. */
export class OttlId {
  readonly kind: 'trace' | 'span' | 'profile';
  readonly bytes: Uint8Array;

  constructor(kind: OttlId['kind'], bytes: Uint8Array) {
    this.kind = kind;
    this.bytes = bytes;
  }
}

/**
 * A part of an item that the language only hands on: events, links, exemplars, data points, a
 * status, buckets, quantiles.
 */
export class OttlOpaque {
  /** Name of the part, e.g. `events`. */
  readonly kind: string;
  /** The encoded messages that it is made of, one each. */
  readonly messages: readonly Uint8Array[];

  constructor(kind: string, messages: readonly Uint8Array[]) {
    this.kind = kind;
    this.messages = messages;
  }
}

/** What Go calls the type of a value; error texts name it. */
export function typeName(value: OttlValue | undefined): string {
  if (value === null || value === undefined) return '<nil>';
  switch (typeof value) {
    case 'string':
      return 'string';
    case 'bigint':
      return 'int64';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
  }
  if (value instanceof Uint8Array) return '[]uint8';
  if (value instanceof Map) return 'pcommon.Map';
  if (Array.isArray(value)) return 'pcommon.Slice';
  if (value instanceof OttlTime) return 'time.Time';
  if (value instanceof OttlDuration) return 'time.Duration';
  if (value instanceof OttlOpaque) return value.kind;
  return value.kind === 'profile'
    ? 'pprofile.ProfileID'
    : value.kind === 'trace'
      ? 'pcommon.TraceID'
      : 'pcommon.SpanID';
}

/** What the data model calls the type of a value. */
export function kindName(value: OttlValue): string {
  if (value === null) return 'Empty';
  if (typeof value === 'string') return 'Str';
  if (typeof value === 'bigint') return 'Int';
  if (typeof value === 'number') return 'Double';
  if (typeof value === 'boolean') return 'Bool';
  if (value instanceof Uint8Array) return 'Bytes';
  return value instanceof Map ? 'Map' : 'Slice';
}

/** A value that shares nothing with another. */
export function copyValue(value: OttlValue): OttlValue {
  if (Array.isArray(value)) return value.map(copyValue);
  if (!(value instanceof Map)) return value;
  const copy: OttlMap = new Map();
  for (const [key, element] of value) copy.set(key, copyValue(element));
  return copy;
}
