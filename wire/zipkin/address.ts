import { parseAddress } from '../address/parse.ts';
import { ByteTable } from '../tagged-spans/byte-table.ts';

const maxKept = 4096;
const mapped = 0xffffn;

/** An address of 128 bits as text (RFC 5952); IPv4-mapped ones as IPv4. */
function addressText(value: bigint): string {
  if (value >> 32n === mapped) {
    const low = Number(value & 0xffffffffn);
    return [24, 16, 8, 0].map((shift) => (low >>> shift) & 255).join('.');
  }
  const groups = Array.from({ length: 8 }, (_, i) =>
    Number((value >> BigInt(112 - 16 * i)) & 0xffffn),
  );
  let [start, length] = [0, 1];
  for (let i = 0; i < 8; i += 1) {
    let end = i;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - i > length) [start, length] = [i, end - i];
  }
  const text = (part: number[]) => part.map((group) => group.toString(16)).join(':');
  if (length === 1) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

/** Addresses in one spelling, each worked out once. */
export class AddressTexts {
  readonly #fromText = new ByteTable();
  readonly #texts: (Uint8Array | undefined)[] = [];
  readonly #fromBytes = new ByteTable();
  readonly #packed: Uint8Array[] = [];

  /** Forgets addresses when they are too many. */
  trim(): void {
    if (this.#fromText.size > maxKept || this.#fromText.byteLength > 1 << 20) {
      this.#fromText.truncate(0);
      this.#texts.length = 0;
    }
    if (this.#fromBytes.size > maxKept || this.#fromBytes.byteLength > 1 << 20) {
      this.#fromBytes.truncate(0);
      this.#packed.length = 0;
    }
  }

  /** An address given as text. @returns undefined when it is none */
  ofText(b: Uint8Array, from: number, to: number): Uint8Array | undefined {
    const number = this.#fromText.intern(b, from, to);
    if (number === this.#texts.length) {
      const value = parseAddress(Buffer.from(b.subarray(from, to)).toString('latin1'));
      this.#texts.push(value === undefined ? undefined : Buffer.from(addressText(value)));
    }
    return this.#texts[number];
  }

  /** An address given as 4 or 16 bytes; others as `?` and hex. */
  ofBytes(b: Uint8Array, from: number, to: number): Uint8Array {
    const number = this.#fromBytes.intern(b, from, to);
    if (number === this.#packed.length) {
      const hex = Buffer.from(b.subarray(from, to)).toString('hex');
      const size = to - from;
      const value = BigInt(`0x${hex || '0'}`);
      const known = size === 4 ? (mapped << 32n) | value : value;
      this.#packed.push(Buffer.from(size === 4 || size === 16 ? addressText(known) : `?${hex}`));
    }
    return this.#packed[number]!;
  }
}
