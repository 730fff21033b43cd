const MAGIC = 0x3152_5357; // "WSR1", little-endian
/** Bytes before the columns. */
export const storedHeaderBytes = 32;

/** Bits of {@link StoredRows.flags}. */
export const StoredFlag = { STARTS: 1, FLAGS: 2 } as const;

/** Columns in their order, with the bytes of a value and the flag without which one is absent. */
const columns = [
  ['series', 8, 0],
  ['time', 8, 0],
  ['mantissa', 8, 0],
  ['start', 8, StoredFlag.STARTS],
  ['flags', 4, StoredFlag.FLAGS],
  ['scale', 1, 0],
] as const;

type Name = (typeof columns)[number][0];

/** Bytes that a row takes. */
export function storedRowBytes(flags: number): number {
  return columns.reduce((sum, [, size, flag]) => sum + ((flags & flag) === flag ? size : 0), 0);
}

/** Rows of one day in columns, and OTLP of what has no row yet. */
export interface StoredRows {
  readonly day: number;
  readonly rows: number;
  /** Of {@link StoredFlag}. */
  readonly flags: number;
  /** When the batch came in, Unix seconds. */
  readonly receipt: number;
  /** `idsMark` of the encoder whose ids the rows have; 0: not said (earlier versions). */
  readonly ids: number;
  /** An export request with a point of each series whose row is to be stored, and no more of it. */
  readonly declared: Uint8Array;
  /** An export request whose points are stored; either is empty where there is nothing. */
  readonly otlp: Uint8Array;
}

/**
 * Writes the header of the form in which a batch of metrics waits; little-endian:
 *
 *     "WSR1" | u32 receipt | u32 day | u32 rows | u32 flags | u32 bytes declared
 *     u32 bytes of OTLP | u32 ids
 *     u64 series | u64 time, ns | i64 mantissa | u64 start, ns (flag 1) | u32 flags (flag 2)
 *     i8 scale | declared | OTLP
 */
export function putStoredHeader(target: Uint8Array, parts: StoredRows): void {
  const view = new DataView(target.buffer, target.byteOffset, storedHeaderBytes);
  const { receipt, day, rows, flags, declared, otlp, ids } = parts;
  const values = [MAGIC, receipt, day, rows, flags, declared.length, otlp.length, ids];
  for (const [i, value] of values.entries()) {
    view.setUint32(4 * i, value, true);
  }
}

/** What {@link putStoredHeader} began, with its columns. Throws on bytes that are something else. */
export function readStoredRows(bytes: Uint8Array): StoredRows & {
  /** Bytes of a column; empty = it is absent. */
  column(name: Name): Uint8Array;
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < storedHeaderBytes || view.getUint32(0, true) !== MAGIC) {
    throw new Error('cannot read stored rows: they do not begin with their mark "WSR1"');
  }
  const [receipt = 0, day = 0, rows = 0, flags = 0, declaredBytes = 0, otlpBytes = 0, ids = 0] = [
    4, 8, 12, 16, 20, 24, 28,
  ].map((at) => view.getUint32(at, true));
  const declaredAt = storedHeaderBytes + rows * storedRowBytes(flags);
  const otlpAt = declaredAt + declaredBytes;
  if (otlpAt + otlpBytes !== bytes.length) {
    throw new Error(
      `cannot read stored rows: ${bytes.length} bytes, header says ${otlpAt + otlpBytes}`,
    );
  }
  const ranges = new Map<Name, Uint8Array>();
  let at = storedHeaderBytes;
  for (const [name, size, flag] of columns) {
    const end = (flags & flag) === flag ? at + size * rows : at;
    ranges.set(name, bytes.subarray(at, end));
    at = end;
  }
  const declared = bytes.subarray(declaredAt, otlpAt);
  const otlp = bytes.subarray(otlpAt);
  return { day, rows, flags, receipt, ids, declared, otlp, column: (name) => ranges.get(name)! };
}
