import type { HostFiles } from './files.ts';

const MAX_SECTIONS = 4096;
const MAX_NAMES = 1 << 20;

/**
 * Whether an ELF file (64 bits, little-endian) has a section of this name: Go's linker leaves
 * `.go.buildinfo` in every program, stripped ones too. Reads headers only.
 */
export function hasSection(files: HostFiles, path: string, name: string): boolean {
  const head = files.bytes(path, 64);
  if (head === undefined || head.length < 64) return false;
  const view = viewOf(head);
  if (view.getUint32(0, false) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1) return false;
  const at = Number(view.getBigUint64(40, true));
  const size = view.getUint16(58, true);
  const count = view.getUint16(60, true);
  const namesIndex = view.getUint16(62, true);
  if (size < 64 || count === 0 || count > MAX_SECTIONS || namesIndex >= count) return false;
  const table = files.bytes(path, size * count, at);
  if (table === undefined || table.length < size * count) return false;
  const sections = viewOf(table);
  const namesAt = Number(sections.getBigUint64(namesIndex * size + 24, true));
  const namesSize = Number(sections.getBigUint64(namesIndex * size + 32, true));
  const names = files.bytes(path, Math.min(namesSize, MAX_NAMES), namesAt);
  if (names === undefined) return false;
  const wanted = Buffer.from(`${name}\0`);
  for (let i = 0; i < count; i++) {
    const offset = sections.getUint32(i * size, true);
    if (Buffer.compare(names.subarray(offset, offset + wanted.length), wanted) === 0) return true;
  }
  return false;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
