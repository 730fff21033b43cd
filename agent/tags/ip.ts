import { parseAddress } from '../../wire/address/parse.ts';

/** A range of addresses: all that begin with the first `length` bits of `base`. */
export interface Prefix {
  /** 128 bits; IPv4 as `::ffff:a.b.c.d`. */
  readonly base: bigint;
  /** 0 to 128; of IPv4 96 more than written. */
  readonly length: number;
}

/** `10.0.0.0/8`, `fd00::/8`, or an address alone; undefined when the text is none of them. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const value = parseAddress(address);
  if (value === undefined) return undefined;
  if (slash === -1) return { base: value, length: 128 };
  const bits = text.slice(slash + 1);
  const width = address.includes(':') ? 128 : 32;
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > width) return undefined;
  const length = 128 - width + Number(bits);
  return { base: maskOf(value, length), length };
}

/** The first `length` bits, the others zero. */
export function maskOf(value: bigint, length: number): bigint {
  const rest = BigInt(128 - length);
  return (value >> rest) << rest;
}

/** Values by prefix; a look-up finds those of the longest ones first. */
export class PrefixTable<T> {
  /** By length; longest first. */
  #levels: { readonly length: number; readonly values: Map<bigint, T[]> }[] = [];

  add(prefix: Prefix, value: T): void {
    let level = this.#levels.find(({ length }) => length === prefix.length);
    if (level === undefined) {
      level = { length: prefix.length, values: new Map() };
      this.#levels.push(level);
      this.#levels.sort((a, b) => b.length - a.length);
    }
    const list = level.values.get(prefix.base);
    if (list === undefined) level.values.set(prefix.base, [value]);
    else list.push(value);
  }

  /** The first value that `accept` takes, longest prefix first, in the order added within one. */
  find(address: bigint, accept: (value: T) => boolean): T | undefined {
    for (const { length, values } of this.#levels) {
      const found = values.get(maskOf(address, length))?.find(accept);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
