/** JSON text of long answers, made and handed on piece by piece. */

import type { LongBody } from '../long-body.ts';

type TakeText = Parameters<LongBody['write']>[0];

/** An array whose items are made as they are written. */
export class Items {
  readonly items: Iterable<unknown> | AsyncIterable<unknown>;

  constructor(items: Iterable<unknown> | AsyncIterable<unknown>) {
    this.items = items;
  }
}

/** An object that has one of these somewhere in its values. */
export class Entries {
  readonly entries: Readonly<Record<string, unknown>>;

  constructor(entries: Readonly<Record<string, unknown>>) {
    this.entries = entries;
  }
}

/** A value that is known when what stands before it was written. */
export class Later {
  readonly make: () => unknown;

  constructor(make: () => unknown) {
    this.make = make;
  }
}

/** Characters that are handed on at once, and what the last item is longer. */
const pieceLength = 64 << 10;

/**
 * Writes what `JSON.stringify(value, null, indent)` would give. No text becomes longer than a piece
 * and one plain value in it. Rejects where `take` or the making of an item does.
 * @param value plain, or made of {@link Items}, {@link Entries} and {@link Later}
 * @param indent spaces of one level; 0 = all in one line
 */
export async function writeJson(value: unknown, indent: number, take: TakeText): Promise<void> {
  const writer = new Writer(indent, take);
  await writer.value(value, 0);
  await writer.flush();
}

class Writer {
  readonly #indent: number;
  readonly #take: TakeText;
  #text = '';

  constructor(indent: number, take: TakeText) {
    this.#indent = indent;
    this.#take = take;
  }

  async value(value: unknown, depth: number): Promise<void> {
    if (value instanceof Later) await this.value(value.make(), depth);
    else if (value instanceof Items) await this.#items(value, depth);
    else if (value instanceof Entries) await this.#entries(value, depth);
    else {
      const text = JSON.stringify(value, null, this.#indent);
      this.#text += this.#indent === 0 ? text : text.replaceAll('\n', this.#line(depth));
      if (this.#text.length >= pieceLength) await this.flush();
    }
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (text !== '') await this.#take(text);
  }

  async #items({ items }: Items, depth: number): Promise<void> {
    let before = '[';
    for await (const item of items) {
      this.#text += before + this.#line(depth + 1);
      before = ',';
      await this.value(item, depth + 1);
    }
    this.#text += before === '[' ? '[]' : `${this.#line(depth)}]`;
  }

  async #entries({ entries }: Entries, depth: number): Promise<void> {
    let before = '{';
    const colon = this.#indent === 0 ? ':' : ': ';
    for (const [key, value] of Object.entries(entries)) {
      if (value === undefined) continue;
      this.#text += before + this.#line(depth + 1) + JSON.stringify(key) + colon;
      before = ',';
      await this.value(value, depth + 1);
    }
    this.#text += before === '{' ? '{}' : `${this.#line(depth)}}`;
  }

  #line(depth: number): string {
    return this.#indent === 0 ? '' : `\n${' '.repeat(this.#indent * depth)}`;
  }
}
