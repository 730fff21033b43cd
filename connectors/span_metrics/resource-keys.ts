import { asBuffer } from '../../pdata/proto/as-buffer.ts';
import { MessageView } from '../../pdata/readers.ts';
import { SeriesKey } from '../../pipeline/series/key.ts';

const places = 256;

/** Resources whose bytes are longer are looked at anew each time. */
const longest = 4096;

/**
 * Tells resources apart by their attributes, whatever order these come in. The bytes of those that
 * came last are remembered with their answer.
 */
export class ResourceKeys {
  readonly #only: ReadonlySet<string>;
  readonly #view = new MessageView();
  readonly #key = new SeriesKey();
  readonly #bytes: (Uint8Array | undefined)[] = new Array(places).fill(undefined);
  readonly #answers: string[] = new Array(places).fill('');

  /** @param only attributes that count; none = all */
  constructor(only: readonly string[]) {
    this.#only = new Set(only);
    this.#view.attributeField = 1;
  }

  /** @returns equal texts for equal resources; [start, end) are the fields of a Resource */
  keyOf(b: Uint8Array, start: number, end: number): string {
    if (end - start > longest) return this.#read(b, start, end);
    const place = hashOf(b, start, end) & (places - 1);
    const known = this.#bytes[place];
    if (known !== undefined && same(known, b, start, end)) return this.#answers[place]!;
    const answer = this.#read(b, start, end);
    this.#bytes[place] = b.slice(start, end);
    this.#answers[place] = answer;
    return answer;
  }

  #read(b: Uint8Array, start: number, end: number): string {
    const view = this.#view;
    view.bindBytes(b, start, end);
    view.rewind();
    const parts: string[] = [];
    while (view.nextAttribute()) {
      if (this.#only.size > 0 && !this.#only.has(view.keyText())) continue;
      const key = this.#key;
      key.reset();
      const name = view.keyBytes();
      key.part(name, 0, name.length);
      key.part(view.value.bytes, view.value.start, view.value.end);
      parts.push(asBuffer(key.bytes).toString('latin1', 0, key.length));
    }
    return parts.sort().join('');
  }
}

function same(known: Uint8Array, b: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i += 1) if (known[i] !== b[start + i]) return false;
  return true;
}

function hashOf(b: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ b[i]!, 0x01000193);
  return hash ^ (hash >>> 15);
}
