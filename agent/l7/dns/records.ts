import { ipv4Text, ipv6Text } from '../../address.ts';
import { u16be, u32be } from '../../bytes.ts';
import type { NameReader } from './names.ts';
import { quoted } from './names.ts';

const MAX_TEXT = 1024;
const MAX_HEX = 64;

/** The data of a record in the form of RFC 3597, whatever its type. */
export function genericText(b: Uint8Array, start: number, end: number): string {
  return `\\# ${end - start} ${hex(b, start, end)}`.trimEnd();
}

/**
 * The data of a record as text, as zone files write it (RFC 1035 and successors): `93.184.216.34`,
 * `10 mail.example.com`, `"text"`. Types without a form of their own are written as RFC 3597 does:
 * `\# 4 0a000001`, cut after 64 bytes.
 * @returns undefined when the data does not fit its type
 */
export function recordText(
  names: NameReader,
  type: number,
  b: Uint8Array,
  message: number,
  start: number,
  end: number,
): string | undefined {
  const length = end - start;
  switch (type) {
    case 1:
      return length === 4 ? ipv4Text(u32be(b, start)) : undefined;
    case 28:
      if (length !== 16) return undefined;
      return ipv6Text(
        u32be(b, start),
        u32be(b, start + 4),
        u32be(b, start + 8),
        u32be(b, start + 12),
      );
    case 2:
    case 5:
    case 12:
    case 39:
      return nameUpTo(names, b, message, start, end);
    case 15:
    case 18:
    case 36:
      return length < 3 ? undefined : prefixed(names, b, message, start, end, 1);
    case 33:
      return length < 7 ? undefined : prefixed(names, b, message, start, end, 3);
    case 6:
      return soa(names, b, message, start, end);
    case 16:
    case 99:
    case 13:
      return strings(b, start, end);
    case 64:
    case 65:
      return service(names, b, message, start, end);
    case 257:
      return caa(b, start, end);
    default:
      return genericText(b, start, end);
  }
}

function nameUpTo(
  names: NameReader,
  b: Uint8Array,
  message: number,
  start: number,
  end: number,
): string | undefined {
  const name = names.read(b, message, start, end);
  return names.next === end ? name : undefined;
}

/** `count` 16-bit numbers and then a name: MX, SRV. */
function prefixed(
  names: NameReader,
  b: Uint8Array,
  message: number,
  start: number,
  end: number,
  count: number,
): string | undefined {
  let text = '';
  for (let i = 0; i < count; i++) text += `${u16be(b, start + 2 * i)} `;
  const name = nameUpTo(names, b, message, start + 2 * count, end);
  return name === undefined ? undefined : text + name;
}

function soa(
  names: NameReader,
  b: Uint8Array,
  message: number,
  start: number,
  end: number,
): string | undefined {
  const server = names.read(b, message, start, end);
  if (server === undefined) return undefined;
  const mailbox = names.read(b, message, names.next, end);
  const at = names.next;
  if (mailbox === undefined || end - at !== 20) return undefined;
  let text = `${server} ${mailbox}`;
  for (let i = 0; i < 5; i++) text += ` ${u32be(b, at + 4 * i)}`;
  return text;
}

function strings(b: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  let at = start;
  while (at < end) {
    const stop = at + 1 + b[at]!;
    if (stop > end) return undefined;
    if (text.length < MAX_TEXT) text += (text === '' ? '' : ' ') + quoted(b, at + 1, stop);
    at = stop;
  }
  return text;
}

/** SVCB and HTTPS (RFC 9460); of the parameters alpn, port and address hints are spelled out. */
function service(
  names: NameReader,
  b: Uint8Array,
  message: number,
  start: number,
  end: number,
): string | undefined {
  if (end - start < 3) return undefined;
  const target = names.read(b, message, start + 2, end);
  if (target === undefined) return undefined;
  let text = `${u16be(b, start)} ${target}`;
  let at = names.next;
  while (at < end) {
    if (end - at < 4) return undefined;
    const key = u16be(b, at);
    const value = at + 4;
    const stop = value + u16be(b, at + 2);
    if (stop > end) return undefined;
    if (text.length < MAX_TEXT) text += ` ${parameter(key, b, value, stop)}`;
    at = stop;
  }
  return text;
}

function parameter(key: number, b: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (key === 1) {
    const protocols = strings(b, start, end);
    if (protocols !== undefined) {
      return `alpn="${protocols.replaceAll('" "', ',').replaceAll('"', '')}"`;
    }
  }
  if (key === 3 && length === 2) return `port=${u16be(b, start)}`;
  if (key === 4 && length > 0 && length % 4 === 0) {
    const all: string[] = [];
    for (let at = start; at < end; at += 4) all.push(ipv4Text(u32be(b, at)));
    return `ipv4hint=${all.join(',')}`;
  }
  if (key === 6 && length > 0 && length % 16 === 0) {
    const all: string[] = [];
    for (let at = start; at < end; at += 16) {
      all.push(ipv6Text(u32be(b, at), u32be(b, at + 4), u32be(b, at + 8), u32be(b, at + 12)));
    }
    return `ipv6hint=${all.join(',')}`;
  }
  return length === 0 ? `key${key}` : `key${key}=${hex(b, start, end)}`;
}

function caa(b: Uint8Array, start: number, end: number): string | undefined {
  if (end - start < 2) return undefined;
  const value = start + 2 + b[start + 1]!;
  if (value > end) return undefined;
  const tag = quoted(b, start + 2, value).slice(1, -1);
  return `${b[start]} ${tag} ${quoted(b, value, end)}`;
}

function hex(b: Uint8Array, start: number, end: number): string {
  const stop = Math.min(end, start + MAX_HEX);
  let text = '';
  for (let i = start; i < stop; i++) text += b[i]!.toString(16).padStart(2, '0');
  return stop < end ? `${text}...` : text;
}
