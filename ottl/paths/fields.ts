import {
  setBytesField,
  setEncodedField,
  setFixed64Field,
  setStringField,
  setUintField,
} from '../../pdata/overlay.ts';
import { doubleOf, signed64 } from '../../pdata/proto/cursor.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { OttlRuntimeError } from '../errors.ts';
import { OttlId, OttlTime, type OttlValue, typeName } from '../values.ts';
import type { PathAccess, ViewOf } from './access.ts';

function expected(wanted: string, value: OttlValue): OttlRuntimeError {
  return new OttlRuntimeError(`expects ${wanted} but got ${typeName(value)}`);
}

/** @throws OttlRuntimeError */
export function expectString(value: OttlValue): string {
  if (typeof value !== 'string') throw expected('string', value);
  return value;
}

/** @throws OttlRuntimeError */
export function expectInt(value: OttlValue): bigint {
  if (typeof value !== 'bigint') throw expected('int64', value);
  return value;
}

/** @throws OttlRuntimeError */
export function expectDouble(value: OttlValue): number {
  if (typeof value !== 'number') throw expected('float64', value);
  return value;
}

/** @throws OttlRuntimeError */
export function expectBool(value: OttlValue): boolean {
  if (typeof value !== 'boolean') throw expected('bool', value);
  return value;
}

const access = (path: Omit<PathAccess, 'isLiteral'>): PathAccess => ({ isLiteral: false, ...path });

/** A field of text. Setting it takes a string only. */
export function textField(view: ViewOf, field: number): PathAccess {
  return access({
    spot: { kind: 'text', view, field },
    get: (place) => view(place).string(field),
    set: (place, value) => setStringField(view(place), field, expectString(value)),
  });
}

/** An enumeration: a signed 32-bit varint. */
export function enumField(view: ViewOf, field: number): PathAccess {
  return access({
    spot: { kind: 'number', view, field },
    get(place) {
      const message = view(place);
      message.uint(field);
      return BigInt(message.lo | 0);
    },
    set(place, value) {
      setIntField(view(place), field, BigInt.asIntN(32, expectInt(value)));
    },
  });
}

/** A varint field that may be negative. */
export function setIntField(message: ReturnType<ViewOf>, field: number, value: bigint): void {
  if (value >= 0n && value < 1n << 53n) {
    setUintField(message, field, Number(value));
    return;
  }
  const w = new Writer(16);
  w.intField(field, value);
  const encoded = w.take();
  setEncodedField(message, field, encoded, encoded.length - 1);
}

/** An unsigned 32-bit varint. */
export function uint32Field(view: ViewOf, field: number): PathAccess {
  return access({
    get: (place) => BigInt(view(place).uint(field)),
    set(place, value) {
      setUintField(view(place), field, Number(BigInt.asUintN(32, expectInt(value))));
    },
  });
}

/** A fixed 32-bit field. @param strict refuses what 32 bits cannot hold */
export function fixed32Field(view: ViewOf, field: number, strict: boolean): PathAccess {
  return access({
    get: (place) => BigInt(view(place).fixed32(field)),
    set(place, value) {
      const number = expectInt(value);
      if (strict && (number < 0n || number > 0xffff_ffffn)) {
        throw new OttlRuntimeError(`value ${number} is out of range for uint32`);
      }
      const w = new Writer(8);
      w.tag(field, 5);
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, Number(BigInt.asUintN(32, number)), true);
      w.raw(bytes);
      setEncodedField(view(place), field, w.take(), 4);
    },
  });
}

function writeNanos(message: ReturnType<ViewOf>, field: number, nanos: bigint): void {
  const bits = BigInt.asUintN(64, nanos);
  setFixed64Field(message, field, Number(bits & 0xffff_ffffn), Number(bits >> 32n));
}

function readNanos(message: ReturnType<ViewOf>, field: number): bigint {
  message.fixed64(field);
  return signed64(message.lo, message.hi);
}

/** A fixed 64-bit integer: a count. */
export function fixed64Field(view: ViewOf, field: number): PathAccess {
  return access({
    get: (place) => readNanos(view(place), field),
    set: (place, value) => writeNanos(view(place), field, expectInt(value)),
  });
}

/** Nanoseconds since 1970 as an integer. */
export function unixNanoField(view: ViewOf, field: number): PathAccess {
  return access({
    spot: { kind: 'time', view, field, integer: true },
    get: (place) => readNanos(view(place), field),
    set: (place, value) => writeNanos(view(place), field, expectInt(value)),
  });
}

/** Nanoseconds since 1970 as a time. */
export function timeField(view: ViewOf, field: number): PathAccess {
  return access({
    spot: { kind: 'time', view, field, integer: false },
    get: (place) => new OttlTime(readNanos(view(place), field)),
    set(place, value) {
      if (!(value instanceof OttlTime)) throw expected('time.Time', value);
      writeNanos(view(place), field, value.nanos);
    },
  });
}

/** A field of 64-bit double, 0 when absent. Setting it takes a double only. */
export function doubleField(view: ViewOf, field: number): PathAccess {
  return access({
    get(place) {
      const message = view(place);
      return message.fixed64(field) ? doubleOf(message.lo, message.hi) : 0;
    },
    set(place, value) {
      const w = new Writer(16);
      w.doubleField(field, expectDouble(value));
      setEncodedField(view(place), field, w.take(), 8);
    },
  });
}

const idSizes = { trace: 16, span: 8 } as const;

function readId(message: ReturnType<ViewOf>, field: number, kind: 'trace' | 'span'): Uint8Array {
  const bytes = new Uint8Array(idSizes[kind]);
  if (message.findField(field)) {
    const { value } = message;
    bytes.set(value.bytes.subarray(value.start, Math.min(value.end, value.start + bytes.length)));
  }
  return bytes;
}

function writeId(message: ReturnType<ViewOf>, field: number, bytes: Uint8Array): void {
  const empty = bytes.every((byte) => byte === 0);
  setBytesField(message, field, empty ? bytes.subarray(0, 0) : bytes);
}

/**
 * Trace or span id; one of another length is cut, or filled with zeros. Setting it takes an id
 * only.
 */
export function idField(view: ViewOf, field: number, kind: 'trace' | 'span'): PathAccess {
  return access({
    get: (place) => new OttlId(kind, readId(view(place), field, kind)),
    set(place, value) {
      if (!(value instanceof OttlId) || value.kind !== kind) {
        throw expected(kind === 'trace' ? 'pcommon.TraceID' : 'pcommon.SpanID', value);
      }
      writeId(view(place), field, value.bytes);
    },
  });
}

/** An id as lower-case hex digits. */
export function idTextField(view: ViewOf, field: number, kind: 'trace' | 'span'): PathAccess {
  return access({
    get: (place) => Buffer.from(readId(view(place), field, kind)).toString('hex'),
    set(place, value) {
      const text = expectString(value);
      const digits = idSizes[kind] * 2;
      const bytes = Buffer.from(text);
      if (bytes.length >> 1 !== idSizes[kind]) {
        throw new OttlRuntimeError(`${kind} ids must be ${digits} hex characters`);
      }
      const wrong = /[^0-9a-fA-F]/.exec(text)?.[0];
      if (wrong !== undefined) {
        const code = wrong.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
        throw new OttlRuntimeError(`encoding/hex: invalid byte: U+${code} '${wrong}'`);
      }
      if (bytes.length % 2 === 1) throw new OttlRuntimeError('encoding/hex: odd length hex string');
      writeId(view(place), field, new Uint8Array(Buffer.from(text, 'hex')));
    },
  });
}

/** A path that is read only. */
export function readOnly(get: PathAccess['get'], path: string): PathAccess {
  return access({
    get,
    set() {
      throw new OttlRuntimeError(`"${path}" is read-only and cannot be modified`);
    },
  });
}
