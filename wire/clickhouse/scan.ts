/** Where a reader of one varint leaves its value; one per encoder, so that nothing is allocated. */
export class Scan {
  value = 0;
}

/**
 * Reads a varint at `p` of bytes that the structural pass has accepted. The low 32 bits are exact
 * in `scan.value` as an unsigned number; higher ones are dropped, as protobuf has it for 32-bit
 * fields. @returns the position after it
 */
export function readVarint(b: Uint8Array, p: number, scan: Scan): number {
  let byte = b[p]!;
  if (byte < 128) {
    scan.value = byte;
    return p + 1;
  }
  let value = byte & 127;
  let shift = 7;
  let at = p + 1;
  do {
    byte = b[at++]!;
    if (shift < 32) value |= (byte & 127) << shift;
    shift += 7;
  } while (byte > 127);
  scan.value = value >>> 0;
  return at;
}

/** Steps over the field whose tag is at `p`; groups included. @returns the position after it */
export function skipField(b: Uint8Array, p: number, scan: Scan): number {
  const at = readVarint(b, p, scan);
  const tag = scan.value;
  switch (tag & 7) {
    case 0:
      return readVarint(b, at, scan);
    case 1:
      return at + 8;
    case 2: {
      const content = readVarint(b, at, scan);
      return content + scan.value;
    }
    case 3:
      return skipGroup(b, at, tag >>> 3, scan);
    default:
      return at + 4;
  }
}

function skipGroup(b: Uint8Array, start: number, field: number, scan: Scan): number {
  let p = start;
  for (;;) {
    const next = readVarint(b, p, scan);
    if ((scan.value & 7) === 4 && scan.value >>> 3 === field) return next;
    p = skipField(b, p, scan);
  }
}

/** Start and end of repeated fields of one message, kept until they are written. */
export class Ranges {
  at = new Int32Array(32);
  count = 0;

  add(start: number, end: number): void {
    const i = this.count * 2;
    if (i === this.at.length) {
      const larger = new Int32Array(i * 2);
      larger.set(this.at);
      this.at = larger;
    }
    this.at[i] = start;
    this.at[i + 1] = end;
    this.count++;
  }

  start(index: number): number {
    return this.at[index * 2]!;
  }

  end(index: number): number {
    return this.at[index * 2 + 1]!;
  }
}
