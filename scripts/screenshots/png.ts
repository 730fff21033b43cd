/** PNG files, written again smaller: 8-bit colours of a palette where few are used. */
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

interface Picture {
  readonly width: number;
  readonly height: number;
  /** RGB, 3 bytes a pixel. */
  readonly pixels: Uint8Array;
}

/**
 * A screenshot (8 bits a channel, RGB or RGBA without transparency, not interlaced) in fewer bytes:
 * of at most 256 colours it is the same picture; of more, rare colours become the nearest of the
 * 256 most used ones.
 */
export function smallerPng(png: Buffer): Buffer {
  const picture = decode(png);
  const out = encode(picture);
  return out.length < png.length ? out : png;
}

function* chunks(png: Buffer): Generator<readonly [type: string, data: Buffer]> {
  for (let at = signature.length; at < png.length; ) {
    const size = png.readUInt32BE(at);
    yield [png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + size)];
    at += size + 12;
  }
}

function decode(png: Buffer): Picture {
  let header: Buffer = Buffer.alloc(0);
  const data: Buffer[] = [];
  for (const [type, bytes] of chunks(png)) {
    if (type === 'IHDR') header = bytes;
    if (type === 'IDAT') data.push(bytes);
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const kind = header[9];
  if (header[8] !== 8 || (kind !== 2 && kind !== 6) || header[12] !== 0) {
    throw new Error(`cannot read a PNG of depth ${header[8]}, colour type ${kind}`);
  }
  const channels = kind === 6 ? 4 : 3;
  const raw = inflateSync(Buffer.concat(data));
  unfilter(raw, width * channels, height, channels);
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    let from = y * (width * channels + 1) + 1;
    for (let x = 0; x < width; x++, from += channels, to += 3) {
      pixels[to] = raw[from]!;
      pixels[to + 1] = raw[from + 1]!;
      pixels[to + 2] = raw[from + 2]!;
    }
  }
  return { width, height, pixels };
}

/** Undoes the filters of the lines in place (PNG 9.2). @param bpp bytes a pixel */
function unfilter(raw: Buffer, stride: number, height: number, bpp: number): void {
  for (let y = 0; y < height; y++) {
    const line = y * (stride + 1) + 1;
    const filter = raw[line - 1]!;
    for (let i = 0; i < stride; i++) {
      const left = i < bpp ? 0 : raw[line + i - bpp]!;
      const up = y === 0 ? 0 : raw[line + i - stride - 1]!;
      const corner = i < bpp || y === 0 ? 0 : raw[line + i - stride - 1 - bpp]!;
      raw[line + i] = (raw[line + i]! + predicted(filter, left, up, corner)) & 255;
    }
  }
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  if (filter !== 4) return 0;
  const [a, b, c] = [left, up, corner].map((value) => Math.abs(left + up - corner - value));
  if (a! <= b! && a! <= c!) return left;
  return b! <= c! ? up : corner;
}

function encode({ width, height, pixels }: Picture): Buffer {
  const { colours, indexes } = palette(pixels);
  const raw = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++) {
    raw.set(indexes.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(colours.flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]))),
    chunk('IDAT', deflateSync(raw, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, 'latin1');
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/** The 256 most used colours, and for each pixel the index of the nearest of them. */
function palette(pixels: Uint8Array): { colours: number[]; indexes: Uint8Array } {
  const uses = new Map<number, number>();
  const at = (i: number): number => (pixels[i]! << 16) | (pixels[i + 1]! << 8) | pixels[i + 2]!;
  for (let i = 0; i < pixels.length; i += 3) uses.set(at(i), (uses.get(at(i)) ?? 0) + 1);
  const colours = [...uses]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 256)
    .map(([colour]) => colour);
  const nearest = new Map(colours.map((colour, index) => [colour, index]));
  const indexes = new Uint8Array(pixels.length / 3);
  for (let i = 0; i < indexes.length; i++) {
    const colour = at(i * 3);
    let index = nearest.get(colour);
    if (index === undefined) {
      index = nearestOf(colours, colour);
      nearest.set(colour, index);
    }
    indexes[i] = index;
  }
  return { colours, indexes };
}

function nearestOf(colours: readonly number[], colour: number): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [index, other] of colours.entries()) {
    const red = (other >> 16) - (colour >> 16);
    const green = ((other >> 8) & 255) - ((colour >> 8) & 255);
    const blue = (other & 255) - (colour & 255);
    const far = 2 * red * red + 4 * green * green + 3 * blue * blue;
    if (far < least) [best, least] = [index, far];
  }
  return best;
}
