import { isIPv4, isIPv6 } from 'node:net';

/** `::ffff:0:0/96`: IPv4 as part of IPv6. */
const MAPPED = 0xffffn << 32n;

/** An address as 128 bits, IPv4 and IPv4-mapped alike; undefined when the text is none. */
export function parseAddress(text: string): bigint | undefined {
  if (isIPv4(text)) return MAPPED | parseV4(text);
  if (!isIPv6(text) || text.includes('%')) return undefined;
  let groups = text;
  if (text.includes('.')) {
    const dotted = text.lastIndexOf(':') + 1;
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

/** The 16 bytes of an address; zeros when the text is none. */
export function addressBytes(text: string): Uint8Array {
  const bytes = Buffer.alloc(16);
  const value = parseAddress(text) ?? 0n;
  bytes.writeBigUInt64BE(value >> 64n, 0);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, value), 8);
  return bytes;
}
