/** @returns text as a grpc-message header: UTF-8, bytes outside 0x20-0x7e and % as %XX */
export function encodeMessageText(text: string): string {
  let out = '';
  for (const byte of Buffer.from(text)) {
    const plain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    out += plain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** @returns the text of a grpc-message header; what is not valid %XX stays as it is */
export function decodeMessageText(header: string): string {
  if (!header.includes('%')) return Buffer.from(header, 'latin1').toString('utf8');
  const bytes: number[] = [];
  for (let i = 0; i < header.length; i += 1) {
    const hex = header.slice(i + 1, i + 3);
    if (header[i] === '%' && /^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      i += 2;
    } else bytes.push(header.charCodeAt(i));
  }
  return Buffer.from(bytes).toString('utf8');
}
