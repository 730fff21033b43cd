import type { AttributeValue } from '../../pdata/values.ts';

/** Attributes that a detector found, in its order, and the URL of their schema ('' = none). */
export interface Found {
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  readonly schemaUrl: string;
}

/** Which attributes of a detector are wanted, by name. */
export type Wanted = Readonly<Record<string, { readonly enabled: boolean }>>;

/** Version of the semantic conventions that the names of detectors are from. */
const conventions = 'https://opentelemetry.io/schemas/1.40.0';

/** What a detector says that is not where it looks for. */
export const nothing: Found = { attributes: new Map(), schemaUrl: '' };

/** A text that stands for nothing when it is empty. */
export function orAbsent(text: string): string | undefined {
  return text === '' ? undefined : text;
}

/** Collects what a detector found; attributes that are not wanted are left out. */
export class Finding {
  readonly #wanted: Wanted;
  readonly #attributes = new Map<string, AttributeValue>();

  constructor(wanted: Wanted) {
    this.#wanted = wanted;
  }

  wants(name: string): boolean {
    const wanted = this.#wanted[name];
    if (wanted === undefined) throw new Error(`BUG: no key for resource attribute ${name}`);
    return wanted.enabled;
  }

  /** @param value undefined = it is not known */
  set(name: string, value: AttributeValue | undefined): this {
    if (this.wants(name) && value !== undefined) this.#attributes.set(name, value);
    return this;
  }

  /** Adds what no key of the configuration stands for, such as tags. */
  add(name: string, value: string): void {
    this.#attributes.set(name, value);
  }

  found(): Found {
    return { attributes: this.#attributes, schemaUrl: conventions };
  }
}
