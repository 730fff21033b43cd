import type { ByteBuffer } from './byte-buffer.ts';
import type { StringColumn } from './columns.ts';
import { appendJson } from './json-text.ts';
import { readVarint, Scan } from './scan.ts';
import { appendBase64, doubleText, putText } from './text.ts';
import { boolAt, doubleAt, int64At, Kind, ValueAt } from './value-at.ts';

/** Writes values as the Go collector's `AsString` has them; one instance a column set. */
export class AsString {
  readonly #value = new ValueAt();
  readonly #scan = new Scan();

  /** Adds AnyValue bytes `[start, end)` of `b` as one row of `column`. */
  put(column: StringColumn, b: Uint8Array, start: number, end: number): void {
    const value = this.#value;
    value.locate(b, start, end);
    switch (value.kind) {
      case Kind.EMPTY:
        column.data.u8(0);
        return;
      case Kind.STRING:
        column.put(b, value.start, value.end);
        return;
      case Kind.BOOL:
        putText(column.data, boolAt(b, value.start) ? 'true' : 'false');
        return;
      case Kind.INT:
        this.#int(column.data, b, value.start);
        return;
      case Kind.DOUBLE:
        putText(column.data, doubleText(doubleAt(b, value.start)));
        return;
      case Kind.BYTES:
        putBase64(column.data, b, value.start, value.end);
        return;
      default:
        putJson(column.data, b, start, end);
    }
  }

  #int(data: ByteBuffer, b: Uint8Array, at: number): void {
    // Up to four bytes of varint are a non-negative number below 2^28.
    if (b[at]! < 128) putSmall(data, b[at]!);
    else if (b[at + 1]! < 128 || b[at + 2]! < 128 || b[at + 3]! < 128) {
      readVarint(b, at, this.#scan);
      putSmall(data, this.#scan.value);
    } else putText(data, int64At(b, at).toString());
  }
}

/** Decimal digits of an integer in [0, 2^28), with their length. */
function putSmall(data: ByteBuffer, value: number): void {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  data.reserve(digits + 1);
  const bytes = data.bytes;
  const start = data.length;
  bytes[start] = digits;
  let rest = value;
  for (let at = start + digits; at > start; at--) {
    const next = (rest / 10) | 0;
    bytes[at] = 48 + rest - next * 10;
    rest = next;
  }
  data.length = start + digits + 1;
}

/** Standard base64 with padding, with its length. */
function putBase64(data: ByteBuffer, b: Uint8Array, start: number, end: number): void {
  data.varint(Math.ceil((end - start) / 3) * 4);
  appendBase64(data, b, start, end);
}

function putJson(data: ByteBuffer, b: Uint8Array, start: number, end: number): void {
  const text = appendJson(b, start, end);
  data.varint(text.length);
  data.copy(text, 0, text.length);
}
