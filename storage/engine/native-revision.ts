/**
 * Rewrites blocks of the Native format from revision 0, which the engine writes, to a client's
 * revision (NativeWriter.cpp as a specification):
 *
 *   revision 0:  columns rows { name type data }...
 *   > 0:         BlockInfo (1, is_overflows u8, 2, bucket i32, 0) before it
 *   >= 54454:    a byte after each type: 0, the column has its default serialization
 *
 * To find where a column's data ends, the data is walked by its type.
 */

const blockInfoRevision = 51903;
const customSerializationRevision = 54454;

const blockInfo = Uint8Array.of(1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0);
const zero = Uint8Array.of(0);

/** A type that cannot be walked. */
export class UnknownTypeError extends Error {
  override name = 'UnknownTypeError';
}

/** More bytes are needed. */
class Short extends Error {}

interface Cursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
}

function need(cursor: Cursor, count: number): number {
  const at = cursor.at;
  if (at + count > cursor.bytes.length) throw new Short();
  cursor.at = at + count;
  return at;
}

function varint(cursor: Cursor): number {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = cursor.bytes[need(cursor, 1)]!;
    value += (byte & 127) * scale;
    if (byte < 128) return value;
  }
}

function u64(cursor: Cursor): number {
  return Number(cursor.view.getBigUint64(need(cursor, 8), true));
}

function text(cursor: Cursor): string {
  const length = varint(cursor);
  const at = need(cursor, length);
  return Buffer.from(cursor.bytes.buffer, cursor.bytes.byteOffset + at, length).toString();
}

const widths: Readonly<Record<string, number>> = {
  Bool: 1,
  UInt8: 1,
  Int8: 1,
  Enum8: 1,
  Nothing: 1,
  UInt16: 2,
  Int16: 2,
  Enum16: 2,
  Date: 2,
  BFloat16: 2,
  UInt32: 4,
  Int32: 4,
  Float32: 4,
  Date32: 4,
  DateTime: 4,
  Decimal32: 4,
  IPv4: 4,
  Time: 4,
  UInt64: 8,
  Int64: 8,
  Float64: 8,
  DateTime64: 8,
  Decimal64: 8,
  Time64: 8,
  UInt128: 16,
  Int128: 16,
  UUID: 16,
  IPv6: 16,
  Decimal128: 16,
  UInt256: 32,
  Int256: 32,
  Decimal256: 32,
};

function splitArguments(inner: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = '';
  let from = 0;
  for (let i = 0; i < inner.length; i++) {
    const c = inner[i]!;
    if (quote !== '') {
      if (c === '\\') i++;
      else if (c === quote) quote = '';
    } else if (c === "'" || c === '`') quote = c;
    else if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === ',' && depth === 0) {
      parts.push(inner.slice(from, i).trim());
      from = i + 1;
    }
  }
  parts.push(inner.slice(from).trim());
  return parts;
}

function elementType(part: string): string {
  const named = /^(?:`(?:[^`\\]|\\.)*`|[A-Za-z_]\w*) +(?=[A-Z])/.exec(part);
  return named === null ? part : part.slice(named[0].length);
}

interface Walker {
  prefix(cursor: Cursor): void;
  data(cursor: Cursor, rows: number): void;
}

function fixed(width: number): Walker {
  return { prefix() {}, data: (cursor, rows) => void need(cursor, rows * width) };
}

const strings: Walker = {
  prefix() {},
  data(cursor, rows) {
    for (let i = 0; i < rows; i++) need(cursor, varint(cursor));
  },
};

function array(inner: Walker): Walker {
  return {
    prefix: inner.prefix,
    data(cursor, rows) {
      if (rows === 0) return;
      const at = need(cursor, rows * 8);
      const total = Number(cursor.view.getBigUint64(at + (rows - 1) * 8, true));
      inner.data(cursor, total);
    },
  };
}

function tuple(parts: readonly Walker[]): Walker {
  return {
    prefix: (cursor) => {
      for (const part of parts) part.prefix(cursor);
    },
    data: (cursor, rows) => {
      for (const part of parts) part.data(cursor, rows);
    },
  };
}

function lowCardinality(keys: Walker): Walker {
  return {
    prefix: (cursor) => void need(cursor, 8),
    data(cursor, rows) {
      for (let done = 0; done < rows; ) {
        const flags = u64(cursor);
        if ((flags & 0x200) !== 0) keys.data(cursor, u64(cursor));
        const count = u64(cursor);
        need(cursor, count * (1 << (flags & 0xff)));
        done += count;
      }
    },
  };
}

function decimalWidth(precision: number): number {
  if (precision <= 9) return 4;
  if (precision <= 18) return 8;
  return precision <= 38 ? 16 : 32;
}

function walker(type: string): Walker {
  const open = type.indexOf('(');
  const name = open < 0 ? type : type.slice(0, open);
  const parts = open < 0 ? [] : splitArguments(type.slice(open + 1, -1));
  if (name === 'String') return strings;
  if (name === 'FixedString') return fixed(Number(parts[0]));
  if (name === 'Decimal') return fixed(decimalWidth(Number(parts[0])));
  if (name === 'Nullable') {
    const inner = walker(parts[0]!);
    return tuple([fixed(1), inner]);
  }
  if (name === 'Array') return array(walker(parts[0]!));
  if (name === 'Map') return array(tuple([walker(parts[0]!), walker(parts[1]!)]));
  if (name === 'Nested') return array(tuple(parts.map((part) => walker(elementType(part)))));
  if (name === 'Tuple') {
    return parts[0] === '' || parts.length === 0
      ? fixed(1)
      : tuple(parts.map((part) => walker(elementType(part))));
  }
  if (name === 'LowCardinality') {
    return lowCardinality(walker(parts[0]!.replace(/^Nullable\((.*)\)$/, '$1')));
  }
  if (name === 'SimpleAggregateFunction') return walker(parts[1]!);
  const width = name.startsWith('Interval') ? 8 : widths[name];
  if (width === undefined) throw new UnknownTypeError(`type ${type}`);
  return fixed(width);
}

/** Takes revision 0 in pieces and gives whole blocks of another revision. */
export class NativeRevision {
  readonly #revision: number;
  #pending: Uint8Array = new Uint8Array(0);
  #tryAt = 0;

  constructor(revision: number) {
    this.#revision = revision;
  }

  /** @returns pieces ready to send; throws UnknownTypeError. */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    return this.#pending.length >= this.#tryAt ? this.#blocks() : [];
  }

  /** The rest; throws an Error when the input ended inside a block. */
  end(): Uint8Array[] {
    const out = this.#blocks();
    if (this.#pending.length > 0) throw new Error('BUG: Native data ends inside a block');
    return out;
  }

  #blocks(): Uint8Array[] {
    const out: Uint8Array[] = [];
    while (this.#pending.length > 0) {
      const bytes = this.#pending;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const cursor: Cursor = { bytes, view, at: 0 };
      try {
        out.push(...this.#block(cursor));
      } catch (error) {
        if (!(error instanceof Short)) throw error;
        // tried again when it is twice as long, so that the work stays linear
        this.#tryAt = bytes.length * 2;
        return out;
      }
      this.#pending = bytes.subarray(cursor.at);
      this.#tryAt = 0;
    }
    return out;
  }

  #block(cursor: Cursor): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let from = 0;
    if (this.#revision >= blockInfoRevision) pieces.push(blockInfo);
    const columns = varint(cursor);
    const rows = varint(cursor);
    for (let i = 0; i < columns; i++) {
      text(cursor);
      const type = text(cursor);
      if (this.#revision >= customSerializationRevision) {
        pieces.push(cursor.bytes.subarray(from, cursor.at), zero);
        from = cursor.at;
      }
      const walk = walker(type);
      if (rows === 0) continue;
      walk.prefix(cursor);
      walk.data(cursor, rows);
    }
    pieces.push(cursor.bytes.subarray(from, cursor.at));
    return pieces;
  }
}
