import type { Exposition } from '../exposition.ts';
import type { MetricType } from '../types.ts';

/** What is known of a family. */
export interface FamilyMetadata {
  /** Name that it was said of. */
  readonly family: string;
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
}

interface Entry {
  family: string;
  type: MetricType;
  help: string;
  unit: string;
  /** The list of lines that it last was in, and the last scrape with that list. */
  list: number;
  lastScrape: number;
}

/** Scrapes for which metadata stays when its family is no longer exposed. */
const lingering = 10;

/** What a target's lines about families have said, by name. */
export class MetadataStore {
  readonly #entries = new Map<string, Entry>();
  #lines: number[] = [];
  #list = 0;
  #scrape = 0;
  #old = 0;
  #version = 0;

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(name: string): FamilyMetadata | undefined {
    return this.#entries.get(name);
  }

  /** Takes the lines of a scrape. @param renumbered whether numbers mean others than before */
  update(out: Exposition, renumbered: boolean): void {
    this.#scrape += 1;
    if (renumbered || !sameNumbers(this.#lines, out.metadata)) this.#apply(out);
    if (this.#old > 0) this.#evict();
  }

  #apply(out: Exposition): void {
    this.#list += 1;
    this.#lines = [...out.metadata];
    for (const entry of this.#entries.values()) {
      if (entry.list === this.#list - 1) entry.lastScrape = this.#scrape - 1;
    }
    for (const number of out.metadata) {
      const line = out.lines.line(number);
      const entry = this.#entry(line.name);
      entry.list = this.#list;
      if (line.kind === 'type') {
        if (entry.type !== line.type) this.#version += 1;
        entry.type = line.type;
      } else {
        if (entry[line.kind] !== line.text) this.#version += 1;
        entry[line.kind] = line.text;
      }
    }
    this.#old = 0;
    for (const entry of this.#entries.values()) if (entry.list !== this.#list) this.#old += 1;
  }

  #entry(name: string): Entry {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const made: Entry = {
      family: name,
      type: 'unknown',
      help: '',
      unit: '',
      list: this.#list,
      lastScrape: this.#scrape,
    };
    this.#entries.set(name, made);
    this.#version += 1;
    return made;
  }

  #evict(): void {
    for (const [name, { list, lastScrape }] of this.#entries) {
      if (list === this.#list || this.#scrape - lastScrape <= lingering) continue;
      this.#entries.delete(name);
      this.#old -= 1;
      this.#version += 1;
    }
  }
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
