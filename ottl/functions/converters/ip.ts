/** A network: an address of 4 or 16 bytes, masked, and how many of its bits count. */
export interface Network {
  readonly bytes: Uint8Array;
  readonly bits: number;
}

function parseV4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  // no leading zeros
  if (!parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return Uint8Array.from(parts, Number);
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const last = parts.at(-1)!;
  const groups: number[] = [];
  if (last.includes('.')) {
    const v4 = parseV4(last);
    if (v4 === undefined) return undefined;
    parts.pop();
    groups.push((v4[0]! << 8) | v4[1]!, (v4[2]! << 8) | v4[3]!);
  }
  if (!parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return undefined;
  return [...parts.map((part) => Number.parseInt(part, 16)), ...groups];
}

function parseV6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0]!);
  const tail = groupsOf(halves[1] ?? '');
  if (head === undefined || tail === undefined) return undefined;
  // an embedded IPv4 address stands at the end only
  if (halves.length === 2 && halves[0]!.includes('.')) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

function isMapped(bytes: Uint8Array): boolean {
  if (bytes.length !== 16 || bytes[10] !== 255 || bytes[11] !== 255) return false;
  return bytes.subarray(0, 10).every((byte) => byte === 0);
}

/** An address in 4 bytes (also when it is IPv4 in IPv6) or 16; undefined when it is none. */
export function parseIp(text: string): Uint8Array | undefined {
  const bytes = text.includes(':') ? parseV6(text) : parseV4(text);
  return bytes !== undefined && isMapped(bytes) ? bytes.subarray(12) : bytes;
}

/** @throws Error with Go's text: "invalid CIDR address: X" */
export function parseNetwork(text: string): Network {
  const match = /^(.*)\/([0-9]{1,6})$/.exec(text);
  const full = match?.[1]?.includes(':') === true;
  const address = match === null ? undefined : parseIp(match[1]!);
  const bits = Number(match?.[2]);
  if (address === undefined || bits > (full ? 128 : 32)) {
    throw new Error(`invalid CIDR address: ${text}`);
  }
  const own = full && address.length === 4 ? Math.max(0, bits - 96) : bits;
  return { bytes: address, bits: own };
}

/** Whether an address lies in a network; never across the two families. */
export function isInNetwork(address: Uint8Array, network: Network): boolean {
  const { bytes, bits } = network;
  if (address.length !== bytes.length) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i += 1) if (address[i] !== bytes[i]) return false;
  const rest = bits & 7;
  return rest === 0 || (address[whole]! ^ bytes[whole]!) >> (8 - rest) === 0;
}
