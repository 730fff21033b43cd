import { TagKind, type TagList } from '../tagged-spans/tags.ts';

const minInt = -0x8000000000000000n;
const maxInt = 0x7fffffffffffffffn;

/**
 * Makes integers, doubles and booleans of texts that are written like them: `-?digits`,
 * `-?digits.digits`, `true`, `false`. What does not fit 64 bits stays a text.
 */
export function parseTexts(tags: TagList): void {
  for (let at = 0; at < tags.count; at += 1) {
    if (tags.kind[at] === TagKind.text) parseText(tags, at);
  }
}

/** The same for the tag at a place. */
function parseText(tags: TagList, at: number): void {
  const from = tags.a[at]!;
  const first = tags.source[at]![from];
  if (tags.b[at] === from || first === undefined) return;
  if (first === 0x74 || first === 0x66) {
    const truth = tags.isText(at, 'true');
    if (truth || tags.isText(at, 'false')) tags.bool(tags.key[at]!, truth);
  } else if (first === 0x2d || (first >= 48 && first <= 57)) parseNumber(tags, at);
}

function parseNumber(tags: TagList, at: number): void {
  const source = tags.source[at]!;
  const to = tags.b[at]!;
  const start = source[tags.a[at]!] === 0x2d ? tags.a[at]! + 1 : tags.a[at]!;
  let dot = -1;
  for (let p = start; p < to; p += 1) {
    const byte = source[p]!;
    if (byte >= 48 && byte <= 57) continue;
    if (byte !== 0x2e || dot >= 0 || p === start || p === to - 1) return;
    dot = p;
  }
  if (start === to) return;
  const key = tags.key[at]!;
  if (dot >= 0) tags.double(key, Number(tags.textAt(at)));
  else if (to - start <= 15) {
    const value = Number(tags.textAt(at));
    tags.int(key, value | 0, Math.floor(value / 4294967296));
  } else {
    const value = to - start > 20 ? maxInt + 1n : BigInt(tags.textAt(at));
    if (value < minInt || value > maxInt) return;
    tags.int(key, Number(BigInt.asIntN(32, value)), Number(value >> 32n));
  }
}
