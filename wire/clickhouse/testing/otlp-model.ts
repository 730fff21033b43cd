/**
 * Telemetry as plain objects and its protobuf bytes, for tests: written on its own, so that what
 * the encoders read is not written by code that they share.
 */

/** An attribute value; the tag says which field of AnyValue. */
export type Value =
  | { readonly string: string }
  | { readonly bool: boolean }
  | { readonly int: bigint }
  | { readonly double: number }
  | { readonly bytes: Uint8Array }
  | { readonly array: readonly Value[] }
  | { readonly map: readonly Attribute[] }
  | { readonly empty: true };

export type Attribute = readonly [key: string, value: Value];

export interface Group<Item> {
  readonly attributes: readonly Attribute[];
  readonly url: string;
  readonly scopes: readonly {
    readonly name: string;
    readonly version: string;
    readonly attributes: readonly Attribute[];
    readonly dropped: number;
    readonly url: string;
    readonly items: readonly Item[];
  }[];
}

export interface Event {
  readonly time: bigint;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly dropped: number;
}

export interface Link {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly state: string;
  readonly attributes: readonly Attribute[];
  readonly dropped: number;
  readonly flags: number;
}

export interface Span {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentId: Uint8Array;
  readonly state: string;
  readonly name: string;
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: readonly Attribute[];
  readonly dropped: readonly [attributes: number, events: number, links: number];
  readonly events: readonly Event[];
  readonly links: readonly Link[];
  readonly status: { readonly code: number; readonly message: string };
  readonly flags: number;
}

export interface LogRecord {
  readonly time: bigint;
  readonly observed: bigint;
  readonly severity: number;
  readonly severityText: string;
  readonly body: Value;
  readonly attributes: readonly Attribute[];
  readonly flags: number;
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly eventName: string;
}

const text = new TextEncoder();

export function varint(value: bigint | number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

export function message(field: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
}

export function string(field: number, value: string): Uint8Array {
  return value === '' ? new Uint8Array(0) : message(field, text.encode(value));
}

export function bytes(field: number, value: Uint8Array): Uint8Array {
  return value.length === 0 ? value : message(field, value);
}

export function number(field: number, value: bigint | number): Uint8Array {
  if (BigInt(value) === 0n) return new Uint8Array(0);
  return Buffer.concat([varint(field * 8), varint(value)]);
}

export function fixed64(field: number, value: bigint): Uint8Array {
  const body = Buffer.alloc(8);
  body.writeBigUInt64LE(BigInt.asUintN(64, value));
  return Buffer.concat([varint(field * 8 + 1), body]);
}

export function fixed32(field: number, value: number): Uint8Array {
  const body = Buffer.alloc(4);
  body.writeUInt32LE(value);
  return Buffer.concat([varint(field * 8 + 5), body]);
}

export function double(field: number, value: number): Uint8Array {
  const body = Buffer.alloc(8);
  body.writeDoubleLE(value);
  return Buffer.concat([varint(field * 8 + 1), body]);
}

/** Content of an AnyValue. */
export function anyValue(value: Value): Uint8Array {
  if ('string' in value) return message(1, text.encode(value.string));
  if ('bool' in value) return Buffer.concat([varint(16), varint(value.bool ? 1 : 0)]);
  if ('int' in value) return Buffer.concat([varint(24), varint(value.int)]);
  if ('double' in value) return double(4, value.double);
  if ('array' in value) {
    return message(5, ...value.array.map((item) => message(1, anyValue(item))));
  }
  if ('map' in value) return message(6, attributes(1, value.map));
  if ('bytes' in value) return message(7, value.bytes);
  return new Uint8Array(0);
}

export function attributes(field: number, list: readonly Attribute[]): Uint8Array {
  return Buffer.concat(
    list.map(([key, value]) => message(field, string(1, key), message(2, anyValue(value)))),
  );
}

/** An export request of groups, items written by `item` (the content of the message). */
export function request<Item>(
  groups: readonly Group<Item>[],
  item: (item: Item) => Uint8Array,
): Uint8Array {
  return Buffer.concat(
    groups.map((group) =>
      message(
        1,
        ...group.scopes.map((scope) =>
          message(
            2,
            ...scope.items.map((one) => message(2, item(one))),
            message(
              1,
              string(1, scope.name),
              string(2, scope.version),
              attributes(3, scope.attributes),
              number(4, scope.dropped),
            ),
            string(3, scope.url),
          ),
        ),
        message(1, attributes(1, group.attributes)),
        string(3, group.url),
      ),
    ),
  );
}

export function spanBytes(span: Span): Uint8Array {
  return Buffer.concat([
    bytes(1, span.traceId),
    bytes(2, span.spanId),
    string(3, span.state),
    bytes(4, span.parentId),
    string(5, span.name),
    number(6, span.kind),
    fixed64(7, span.start),
    fixed64(8, span.end),
    attributes(9, span.attributes),
    number(10, span.dropped[0]),
    ...span.events.map((event) =>
      message(
        11,
        fixed64(1, event.time),
        string(2, event.name),
        attributes(3, event.attributes),
        number(4, event.dropped),
      ),
    ),
    number(12, span.dropped[1]),
    ...span.links.map((link) =>
      message(
        13,
        bytes(1, link.traceId),
        bytes(2, link.spanId),
        string(3, link.state),
        attributes(4, link.attributes),
        number(5, link.dropped),
        fixed32(6, link.flags),
      ),
    ),
    number(14, span.dropped[2]),
    message(15, string(2, span.status.message), number(3, span.status.code)),
    fixed32(16, span.flags),
  ]);
}

export function logBytes(record: LogRecord): Uint8Array {
  return Buffer.concat([
    fixed64(1, record.time),
    number(2, record.severity),
    string(3, record.severityText),
    message(5, anyValue(record.body)),
    attributes(6, record.attributes),
    fixed32(8, record.flags),
    bytes(9, record.traceId),
    bytes(10, record.spanId),
    fixed64(11, record.observed),
    string(12, record.eventName),
  ]);
}
