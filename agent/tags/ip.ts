import { isIPv4, isIPv6 } from 'node:net';

/** A range of addresses: all that begin with the first `length` bits of `base`. */
export interface Prefix {
  /** 128 bits; IPv4 as `::ffff:a.b.c.d`. */
  readonly base: bigint;
  /** 0 to 128; of IPv4 96 more than written. */
  readonly length: number;
}

const MAPPED = 0xffffn << 32n;

/** An address as 128 bits, IPv4 and IPv4-mapped alike; undefined when the text is none. */
export function parseAddress(text: string): bigint | undefined {
  if (isIPv4(text)) return MAPPED | parseV4(text);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  let groups = text;
  const dotted = text.lastIndexOf(':') + 1;
  if (text.includes('.')) {
    const low = parseV4(text.slice(dotted));
    groups = `${text.slice(0, dotted)}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`;
  }
  const [head = '', tail] = groups.split('::');
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array<string>(8 - first.length - last.length).fill('0');
  let value = 0n;
  for (const group of [...first, ...zeros, ...last]) value = (value << 16n) | BigInt(`0x${group}`);
  return value;
}

function parseV4(text: string): bigint {
  let value = 0n;
  for (const part of text.split('.')) value = (value << 8n) | BigInt(part);
  return value;
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

/** Whether an address is of the machine itself only: 127.0.0.0/8, ::1. */
export function isLoopback(value: bigint): boolean {
  return value === 1n || value >> 24n === (MAPPED | 0x7f000000n) >> 24n;
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
