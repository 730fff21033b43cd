import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { smallerPng } from './png.ts';

const width = 40;
const height = 30;

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  out.set(body, 4);
  out.writeUInt32BE(crc32(body), body.length + 4);
  return out;
}

/** A PNG whose lines use filters 0 to 4 in turn; `at` gives the colour of a pixel. */
function png(at: (x: number, y: number) => number[]): Buffer {
  const line = (y: number): number[] =>
    y < 0
      ? new Array(width * 4).fill(0)
      : Array.from({ length: width }, (_, x) => [...at(x, y), 255]).flat();
  const rows = Array.from({ length: height }, (_, y) => {
    const [now, before] = [line(y), line(y - 1)];
    const filter = y % 5;
    return [filter, ...now.map((value, i) => (value - guess(filter, now, before, i)) & 255)];
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.from(rows.flat()), { level: 0 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function guess(filter: number, now: number[], before: number[], i: number): number {
  const left = now[i - 4] ?? 0;
  const up = before[i] ?? 0;
  const corner = before[i - 4] ?? 0;
  const base = left + up - corner;
  const near = [left, up, corner].toSorted((a, b) => Math.abs(base - a) - Math.abs(base - b));
  return [0, left, up, (left + up) >> 1, near[0] ?? 0][filter] ?? 0;
}

/** Colours of a PNG with a palette, line by line. */
function colours(file: Buffer): number[][] {
  const parts = new Map<string, Buffer>();
  for (let at = 8; at < file.length; ) {
    const size = file.readUInt32BE(at);
    parts.set(file.toString('latin1', at + 4, at + 8), file.subarray(at + 8, at + 8 + size));
    assert.equal(file.readUInt32BE(at + 8 + size), crc32(file.subarray(at + 4, at + 8 + size)));
    at += size + 12;
  }
  const palette = parts.get('PLTE')!;
  const raw = inflateSync(parts.get('IDAT')!);
  return Array.from({ length: width * height }, (_, i) => {
    const index = raw[Math.floor(i / width) * (width + 1) + 1 + (i % width)]! * 3;
    return [...palette.subarray(index, index + 3)];
  });
}

const pixels = (at: (x: number, y: number) => number[]): number[][] =>
  Array.from({ length: width * height }, (_, i) => at(i % width, Math.floor(i / width)));

test('pictures of few colours stay as they are', () => {
  const few = (x: number, y: number) => [(x % 9) * 20, (y % 7) * 30, x > y ? 255 : 3];
  const out = smallerPng(png(few));
  assert.ok(out.length < png(few).length);
  assert.deepEqual(colours(out), pixels(few));
});

test('of many colours rare ones become near ones', () => {
  const many = (x: number, y: number) => [x * 6, y * 8, 128];
  const out = colours(smallerPng(png(many)));
  const wanted = pixels(many);
  const kept = new Map(out.map((colour) => [String(colour), colour]));
  assert.equal(kept.size, 256);
  const far = (a: readonly number[], b: readonly number[]): number =>
    2 * (a[0]! - b[0]!) ** 2 + 4 * (a[1]! - b[1]!) ** 2 + 3 * (a[2]! - b[2]!) ** 2;
  for (const [i, colour] of out.entries()) {
    const least = Math.min(...[...kept.values()].map((other) => far(other, wanted[i]!)));
    assert.equal(far(colour, wanted[i]!), least);
  }
});

test('what is no screenshot is refused', () => {
  const grey = png(() => [1, 2, 3]);
  grey[25] = 0;
  assert.throws(() => smallerPng(grey), /cannot read a PNG of depth 8, colour type 0/);
});
