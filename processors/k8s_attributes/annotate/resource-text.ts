import type { AttributeValue } from '../../../pdata/values.ts';

/** An attribute that a resource came with. */
export interface Given {
  /** Its text; '' for other types. */
  readonly text: string;
  /** Nothing is there that could be read: an empty text, value or list of bytes. */
  readonly isEmpty: boolean;
  /** Of an integer. */
  readonly int?: number;
}

/** Attributes of a resource, and what is added to them. */
export class ResourceText {
  readonly #given: ReadonlyMap<string, Given>;
  /** What is to be set. */
  readonly added = new Map<string, AttributeValue>();

  constructor(given: ReadonlyMap<string, Given>) {
    this.#given = given;
  }

  has(name: string): boolean {
    return this.added.has(name) || this.#given.has(name);
  }

  /** The text of an attribute; '' when there is none. */
  text(name: string): string {
    const added = this.added.get(name);
    if (added !== undefined) return typeof added === 'string' ? added : '';
    return this.#given.get(name)?.text ?? '';
  }

  /** An attribute that is an integer or the text of one; NaN for others, undefined for none. */
  int(name: string): number | undefined {
    const given = this.#given.get(name);
    if (given === undefined) return undefined;
    if (given.int !== undefined) return given.int;
    return /^[+-]?\d+$/.test(given.text) ? Number(given.text) : Number.NaN;
  }

  /** Sets a text unless there is something already. */
  set(name: string, value: string): void {
    const added = this.added.get(name);
    const isTaken = added === undefined ? this.#given.get(name)?.isEmpty === false : added !== '';
    if (!isTaken) this.added.set(name, value);
  }

  /** Sets a list unless the attribute is there, be it empty. */
  setList(name: string, values: readonly string[]): void {
    if (!this.has(name)) this.added.set(name, values);
  }

  /** Sets a text unless the attribute is there, be it empty. */
  setAbsent(name: string, value: string): void {
    if (!this.has(name)) this.added.set(name, value);
  }
}
