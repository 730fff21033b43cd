/**
 * Counts the messages at a path of field numbers: [1] is the number of resources of a request,
 * [1, 2, 2] that of its metrics. The bytes have passed the structural check.
 */
export function countMessages(ranges: readonly Uint8Array[], path: readonly number[]): number {
  let found = 0;
  for (const bytes of ranges) found += countIn(bytes, 0, bytes.length, path, 0);
  return found;
}

function countIn(
  bytes: Uint8Array,
  start: number,
  end: number,
  path: readonly number[],
  level: number,
): number {
  const wanted = path[level];
  let found = 0;
  let at = start;
  while (at < end) {
    const tag = bytes[at]!; // the fields of these messages have one-byte tags; others are skipped
    let [value, next] = varint(bytes, at);
    const type = value & 7;
    if (type === 2) {
      [value, next] = varint(bytes, next);
      if (tag === ((wanted ?? 0) << 3) + 2) {
        const last = level === path.length - 1;
        found += last ? 1 : countIn(bytes, next, next + value, path, level + 1);
      }
      at = next + value;
    } else if (type === 0) at = varint(bytes, next)[1];
    else at = next + (type === 1 ? 8 : 4);
  }
  return found;
}

function varint(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  let scale = 1;
  for (let i = at; ; i++) {
    const byte = bytes[i]!;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, i + 1];
    scale *= 128;
  }
}
