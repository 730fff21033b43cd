import {
  checkTable,
  deprecatedListField,
  Fault,
  Flag,
  fieldsPerMessage,
  known,
  Op,
} from './check-table.ts';

/** What the structural pass found out about a request. */
export class CheckResult {
  /** Items in it. */
  items = 0;
  /**
   * True when the request is valid but not in the order that readers rely on: a resource or scope
   * after its list or twice, or scope groups in the deprecated field 1000.
   */
  unordered = false;
  fault: Fault = Fault.none;
  /** Where the innermost field with the fault begins (its tag). */
  offset = 0;
  /** The number that the fault is about: a length, a wire type, a field number. */
  detail = 0;
  /** Scratch: where the last slow read ended. */
  position = 0;
}

/**
 * Walks a whole request: lengths, wire types, varints, ids, nesting, checked text; counts items.
 *
 * @param root index of the request's message
 * @param maxNesting values inside values, at most
 */
export function checkRequest(bytes: Uint8Array, root: number, maxNesting: number): CheckResult {
  const result = new CheckResult();
  checkMessage(result, bytes, 0, bytes.length, root, maxNesting);
  return result;
}

function fail(r: CheckResult, fault: Fault, offset: number, detail: number): false {
  r.fault = fault;
  r.offset = offset;
  r.detail = detail;
  return false;
}

/** A varint as a number (inexact above 2^53), -1 on a fault; r.position is its end. */
function slowVarint(r: CheckResult, b: Uint8Array, at: number, end: number, field: number): number {
  let value = 0;
  let scale = 1;
  for (let p = at; p < end; p += 1) {
    const byte = b[p]!;
    value += (byte & 127) * scale;
    if (byte < 128) {
      r.position = p + 1;
      return value;
    }
    if (p - at === 9) {
      fail(r, Fault.varintLong, field, 0);
      return -1;
    }
    scale *= 128;
  }
  fail(r, Fault.varintEnd, field, 0);
  return -1;
}

/** True for well-formed UTF-8: no overlong forms, no surrogates, at most U+10FFFF. */
export function isUtf8(b: Uint8Array, from: number, to: number): boolean {
  let high = 0;
  for (let i = from; i < to; i += 1) high |= b[i]!;
  return high < 128 || isWideUtf8(b, from, to);
}

function isWideUtf8(b: Uint8Array, from: number, to: number): boolean {
  let p = from;
  while (p < to) {
    const lead = b[p]!;
    p += 1;
    if (lead < 128) continue;
    let more = 0;
    let low = 0x80;
    let high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) more = 1;
    else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2;
      if (lead === 0xe0) low = 0xa0;
      if (lead === 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      if (lead === 0xf0) low = 0x90;
      if (lead === 0xf4) high = 0x8f;
    } else return false;
    if (p + more > to) return false;
    for (; more > 0; more -= 1) {
      const byte = b[p]!;
      if (byte < low || byte > high) return false;
      low = 0x80;
      high = 0xbf;
      p += 1;
    }
  }
  return true;
}

const wireTypeOf = new Uint8Array(32).fill(2);
wireTypeOf[Op.varint] = 0;
wireTypeOf[Op.fixed64] = 1;
wireTypeOf[Op.fixed32] = 5;

/**
 * Checks fields from `p` to `end` as fields of message `msg`.
 *
 * @param nesting how many AnyValues may still be opened
 * @returns false when a fault was noted in `r`
 */
function checkMessage(
  r: CheckResult,
  b: Uint8Array,
  from: number,
  end: number,
  msg: number,
  nesting: number,
): boolean {
  const base = msg * fieldsPerMessage;
  let seen = 0;
  let p = from;
  while (p < end) {
    const field = p;
    let tag = b[p]!;
    p += 1;
    if (tag > 127) {
      tag = slowVarint(r, b, field, end, field);
      if (tag < 0) return false;
      if (tag > 0xffffffff) return fail(r, Fault.tagLarge, field, 0);
      p = r.position;
    }
    const number = tag >>> 3;
    if (number === 0) return fail(r, Fault.fieldZero, field, 0);
    const wireType = tag & 7;
    const entry = number < fieldsPerMessage ? checkTable[base + number]! : Op.unknown;
    const op = entry & 255;

    if (op === Op.unknown) {
      const next = skipField(r, b, p, end, field, tag, nesting);
      if (next < 0) return false;
      if (number === deprecatedListField && wireType === 2 && checkTable[base] === 1) {
        if (!checkDeprecated(r, b, p, next, msg, nesting)) return false;
      }
      p = next;
      continue;
    }

    if (wireType === 2 && op > Op.fixed32) {
      let length = p < end ? b[p]! : 128;
      p += 1;
      if (length > 127) {
        length = slowVarint(r, b, p - 1, end, field);
        if (length < 0) return false;
        p = r.position;
      }
      if (length > end - p) return fail(r, Fault.lengthEnd, field, length);
      const stop = p + length;
      if (op === Op.attribute) {
        if (!checkKeyValue(r, b, p, stop, nesting)) return false;
      } else if (!checkBytes(r, b, p, stop, op, entry, nesting, field)) return false;
      p = stop;
      if (entry > 0xffff) seen = noteFlags(r, entry, seen, field);
      if (seen < 0) return false;
      continue;
    }

    p = checkScalar(r, b, p, end, op, wireType, field);
    if (p < 0) return false;
  }
  return true;
}

/** A scope group in its old field: checked like one; its items count after the rewriting. */
function checkDeprecated(
  r: CheckResult,
  b: Uint8Array,
  from: number,
  end: number,
  msg: number,
  nesting: number,
): boolean {
  const items = r.items;
  const group = (checkTable[msg * fieldsPerMessage + 2]! >>> 8) & 255;
  const { start } = lengthAt(b, from, end);
  if (!checkMessage(r, b, start, end, group, nesting)) return false;
  r.items = items;
  r.unordered = true;
  return true;
}

/** Order and number of the fields that have flags; -1 on a fault. */
function noteFlags(r: CheckResult, entry: number, seen: number, field: number): number {
  if ((entry & Flag.item) !== 0) r.items += 1;
  if ((entry & Flag.once) !== 0 && (seen & Flag.once) !== 0) {
    fail(r, Fault.once, field, 0);
    return -1;
  }
  if ((entry & Flag.head) !== 0 && seen !== 0) r.unordered = true;
  return seen | (entry & (Flag.head | Flag.list | Flag.once));
}

/** A length-delimited field that is not a KeyValue. */
function checkBytes(
  r: CheckResult,
  b: Uint8Array,
  p: number,
  end: number,
  op: number,
  entry: number,
  nesting: number,
  field: number,
): boolean {
  switch (op) {
    case Op.bytes:
      return true;
    case Op.message:
      return checkMessage(r, b, p, end, (entry >>> 8) & 255, nesting);
    case Op.utf8:
      return isUtf8(b, p, end) || fail(r, Fault.utf8, field, 0);
    case Op.id16:
      return end - p === 16 || end === p || fail(r, Fault.idLength, field, end - p);
    case Op.id8:
      return end - p === 8 || end === p || fail(r, Fault.idLength, field, end - p);
    case Op.value:
      if (nesting === 0) return fail(r, Fault.nesting, field, 0);
      return checkMessage(r, b, p, end, known.anyValue, nesting - 1);
    case Op.fixed64s:
      return ((end - p) & 7) === 0 || fail(r, Fault.packed, field, end - p);
    case Op.varints:
      for (let at = p; at < end; at = r.position) {
        if (slowVarint(r, b, at, end, field) < 0) return false;
      }
      return true;
    default:
      return checkResourceAttribute(r, b, p, end, nesting);
  }
}

/** A known field whose wire type is not length-delimited, or is and must not be. */
function checkScalar(
  r: CheckResult,
  b: Uint8Array,
  p: number,
  end: number,
  op: number,
  wireType: number,
  field: number,
): number {
  const single = op === Op.varints ? 0 : op === Op.fixed64s ? 1 : wireTypeOf[op]!;
  if (wireType !== single) {
    fail(r, wireType > 5 ? Fault.wireType : Fault.wrongType, field, wireType);
    return -1;
  }
  if (wireType === 0) {
    if (p < end && b[p]! < 128) return p + 1;
    return slowVarint(r, b, p, end, field) < 0 ? -1 : r.position;
  }
  const next = p + (wireType === 1 ? 8 : 4);
  if (next <= end) return next;
  fail(r, Fault.fixedEnd, field, 0);
  return -1;
}

/** True when [from, end) is exactly one varint. */
function isVarint(b: Uint8Array, from: number, end: number): boolean {
  if (from >= end || end - from > 10 || b[end - 1]! > 127) return false;
  for (let p = from; p < end - 1; p += 1) if (b[p]! < 128) return false;
  return true;
}

/**
 * A KeyValue: the usual shape (short key, then a short string, a bool or an int) is read here, all
 * else by {@link checkMessage}.
 */
function checkKeyValue(
  r: CheckResult,
  b: Uint8Array,
  from: number,
  end: number,
  nesting: number,
): boolean {
  const keyLength = b[from + 1]!;
  const after = from + 2 + keyLength;
  const shortKey = end - from > 4 && b[from] === 10 && keyLength < 128 && after + 3 < end;
  if (shortKey && nesting > 0 && b[after] === 18 && b[after + 1]! < 128) {
    if (after + 2 + b[after + 1]! === end) {
      const tag = b[after + 2]!;
      const size = b[after + 3]!;
      const usual =
        tag === 10
          ? size < 128 && after + 4 + size === end
          : (tag === 24 || tag === 16) && isVarint(b, after + 3, end);
      if (usual && isUtf8(b, from + 2, after)) return true;
    }
  }
  return checkMessage(r, b, from, end, known.keyValue, nesting);
}

const serviceName = new TextEncoder().encode('service.name');

function isServiceName(b: Uint8Array, at: number): boolean {
  for (let i = 0; i < serviceName.length; i += 1) if (b[at + i] !== serviceName[i]) return false;
  return true;
}

/** A resource's KeyValue: as {@link checkKeyValue}; the text of service.name is checked too. */
function checkResourceAttribute(
  r: CheckResult,
  b: Uint8Array,
  from: number,
  end: number,
  nesting: number,
): boolean {
  if (!checkMessage(r, b, from, end, known.keyValue, nesting)) return false;
  const length = serviceName.length;
  if (end - from < length + 6 || b[from] !== 10 || b[from + 1] !== length) return true;
  if (!isServiceName(b, from + 2)) return true;
  // key (14 bytes), tag and length of the value, then the value's own tag and length
  let p = from + 2 + length;
  if (b[p] !== 18) return true;
  const valueEnd = lengthAt(b, p + 1, end);
  p = valueEnd.start;
  if (p >= valueEnd.end || b[p] !== 10) return true;
  const text = lengthAt(b, p + 1, end);
  return isUtf8(b, text.start, text.end) || fail(r, Fault.utf8, p, 0);
}

/** Bounds of a length-delimited value whose length begins at `p`; the bytes were checked. */
function lengthAt(b: Uint8Array, at: number, end: number): { start: number; end: number } {
  let length = 0;
  let scale = 1;
  let p = at;
  while (p < end) {
    const byte = b[p]!;
    p += 1;
    length += (byte & 127) * scale;
    if (byte < 128) break;
    scale *= 128;
  }
  return { start: p, end: p + length };
}

/** Skips an unknown field; groups with everything in them. @returns its end, -1 on a fault */
function skipField(
  r: CheckResult,
  b: Uint8Array,
  p: number,
  end: number,
  field: number,
  tag: number,
  nesting: number,
): number {
  const wireType = tag & 7;
  if (wireType === 0) return slowVarint(r, b, p, end, field) < 0 ? -1 : r.position;
  if (wireType === 2) {
    const length = slowVarint(r, b, p, end, field);
    if (length < 0) return -1;
    if (length <= end - r.position) return r.position + length;
    fail(r, Fault.lengthEnd, field, length);
    return -1;
  }
  if (wireType === 1 || wireType === 5) {
    const next = p + (wireType === 1 ? 8 : 4);
    if (next <= end) return next;
    fail(r, Fault.fixedEnd, field, 0);
    return -1;
  }
  if (wireType === 3) return skipGroup(r, b, p, end, field, tag >>> 3, nesting);
  fail(r, wireType === 4 ? Fault.group : Fault.wireType, field, wireType);
  return -1;
}

/** The inside of a group up to its end tag. */
function skipGroup(
  r: CheckResult,
  b: Uint8Array,
  from: number,
  end: number,
  group: number,
  number: number,
  nesting: number,
): number {
  if (nesting === 0) {
    fail(r, Fault.nesting, group, 0);
    return -1;
  }
  let p = from;
  while (p < end) {
    const field = p;
    const tag = slowVarint(r, b, p, end, field);
    if (tag < 0) return -1;
    if (tag > 0xffffffff || tag >>> 3 === 0) {
      fail(r, tag > 0xffffffff ? Fault.tagLarge : Fault.fieldZero, field, 0);
      return -1;
    }
    p = r.position;
    if ((tag & 7) === 4) {
      if (tag >>> 3 === number) return p;
      fail(r, Fault.group, field, 4);
      return -1;
    }
    p = skipField(r, b, p, end, field, tag, nesting - 1);
    if (p < 0) return -1;
  }
  fail(r, Fault.group, group, 3);
  return -1;
}
