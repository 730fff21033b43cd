import type { ByteBuffer } from './byte-buffer.ts';

const BASE64 = new TextEncoder().encode(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
);

/** A string of one byte a character, with its length. */
export function putText(data: ByteBuffer, text: string): void {
  data.varint(text.length);
  data.latin1(text);
}

/** A double as Go's `AsString` has it: as in JSON, but `-0` keeps its sign. */
export function doubleText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value);
  const name = Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  return `json: unsupported value: ${name}`;
}

/** Standard base64 with padding. */
export function appendBase64(data: ByteBuffer, b: Uint8Array, start: number, end: number): void {
  data.reserve(Math.ceil((end - start) / 3) * 4);
  const bytes = data.bytes;
  let at = data.length;
  for (let p = start; p < end; p += 3) {
    const group =
      (b[p]! << 16) | ((p + 1 < end ? b[p + 1]! : 0) << 8) | (p + 2 < end ? b[p + 2]! : 0);
    bytes[at++] = BASE64[group >>> 18]!;
    bytes[at++] = BASE64[(group >>> 12) & 63]!;
    bytes[at++] = p + 1 < end ? BASE64[(group >>> 6) & 63]! : 61;
    bytes[at++] = p + 2 < end ? BASE64[group & 63]! : 61;
  }
  data.length = at;
}
