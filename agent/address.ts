/** Addresses as text. */

/** `10.1.2.3` of a 32-bit word. */
export function ipv4Text(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

/**
 * The canonical form of RFC 5952 of four 32-bit words; IPv4-mapped addresses as `::ffff:10.1.2.3`.
 */
export function ipv6Text(w0: number, w1: number, w2: number, w3: number): string {
  if (w0 === 0 && w1 === 0 && w2 === 0xffff) return `::ffff:${ipv4Text(w3)}`;
  const groups = [
    w0 >>> 16,
    w0 & 0xffff,
    w1 >>> 16,
    w1 & 0xffff,
    w2 >>> 16,
    w2 & 0xffff,
    w3 >>> 16,
    w3 & 0xffff,
  ];
  let from = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > length) {
      from = i;
      length = n;
    }
    if (n > 0) i += n - 1;
  }
  if (from < 0) return groups.map((g) => g.toString(16)).join(':');
  const head = groups.slice(0, from).map((g) => g.toString(16));
  const tail = groups.slice(from + length).map((g) => g.toString(16));
  return `${head.join(':')}::${tail.join(':')}`;
}

/** `10.1.2.3:80`, `[fe80::1]:80`. */
export function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
