/* ELF for 64-bit little-endian files: the System V ABI's gABI chapters 4 and 5. */

/** Reads bytes of a file; fewer at its end. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>;

interface ElfSymbol {
  readonly address: number;
  readonly size: number;
  /** Where its first byte is in the file. */
  readonly fileOffset: number;
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

interface Segment {
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

const SYMTAB = 2;
const DYNSYM = 11;
const FUNCTION = 2;
const LOAD = 1;
const SYMBOL_BYTES = 24;
const MACHINE = { 62: 'x64', 183: 'arm64' } as const;
/** Symbol tables beyond this are not read. */
const MAX_TABLE = 256 << 20;

interface Elf {
  /** `x64`, `arm64` or '' for others. */
  readonly machine: string;
  /** Functions by name, of those asked for; absent when the file has none of that name. */
  symbols(names: ReadonlySet<string>): Promise<Map<string, ElfSymbol>>;
}

/** @returns undefined when it is no 64-bit little-endian ELF file */
export async function openElf(read: ReadAt): Promise<Elf | undefined> {
  const head = await read(0, 64);
  if (head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46 || head.readUInt16BE(4) !== 0x0201) {
    return undefined;
  }
  const number = (b: Buffer, at: number) => Number(b.readBigUInt64LE(at));
  const segmentCount = head.readUInt16LE(56);
  const sectionCount = head.readUInt16LE(60);
  const segmentBytes = await read(number(head, 32), segmentCount * 56);
  const sectionBytes = await read(number(head, 40), sectionCount * 64);
  const segments: Segment[] = [];
  for (let at = 0; at + 56 <= segmentBytes.length; at += 56) {
    if (segmentBytes.readUInt32LE(at) !== LOAD) continue;
    segments.push({
      offset: number(segmentBytes, at + 8),
      address: number(segmentBytes, at + 16),
      size: number(segmentBytes, at + 32),
    });
  }
  const sections: Section[] = [];
  for (let at = 0; at + 64 <= sectionBytes.length; at += 64) {
    sections.push({
      type: sectionBytes.readUInt32LE(at + 4),
      offset: number(sectionBytes, at + 24),
      size: number(sectionBytes, at + 32),
      link: sectionBytes.readUInt32LE(at + 40),
    });
  }
  const machine = head.readUInt16LE(18);
  return {
    machine: machine in MACHINE ? MACHINE[machine as keyof typeof MACHINE] : '',
    symbols: (names) => symbolsOf(read, sections, segments, names),
  };
}

async function symbolsOf(
  read: ReadAt,
  sections: readonly Section[],
  segments: readonly Segment[],
  names: ReadonlySet<string>,
): Promise<Map<string, ElfSymbol>> {
  const found = new Map<string, ElfSymbol>();
  for (const section of sections) {
    if (section.type !== SYMTAB && section.type !== DYNSYM) continue;
    const strings = sections[section.link];
    if (strings === undefined || section.size > MAX_TABLE || strings.size > MAX_TABLE) continue;
    const text = await read(strings.offset, strings.size);
    const wanted = new Map<number, string>();
    for (const name of names) {
      const at = text.indexOf(`\0${name}\0`, 0, 'latin1');
      if (at >= 0 && !found.has(name)) wanted.set(at + 1, name);
    }
    if (wanted.size === 0) continue;
    const table = await read(section.offset, section.size);
    for (let at = 0; at + SYMBOL_BYTES <= table.length; at += SYMBOL_BYTES) {
      const name = wanted.get(table.readUInt32LE(at));
      if (name === undefined || (table[at + 4]! & 15) !== FUNCTION) continue;
      const address = Number(table.readBigUInt64LE(at + 8));
      const segment = segments.find((s) => address >= s.address && address < s.address + s.size);
      if (segment === undefined) continue;
      const size = Number(table.readBigUInt64LE(at + 16));
      found.set(name, { address, size, fileOffset: address - segment.address + segment.offset });
    }
  }
  return found;
}
