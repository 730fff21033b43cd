import type { Signal } from '../../component/signals.ts';
import { AttributeKey } from '../../pdata/attribute-key.ts';
import type { Batch } from '../../pdata/batch.ts';
import { insertAttribute, setAttribute, setStringField } from '../../pdata/overlay.ts';
import { GroupReader, MessageView } from '../../pdata/readers.ts';
import { encodeValue } from '../../pdata/values.ts';
import type { Found } from './found.ts';

const schemaUrlField = 3;

/** Writes what was found to the resources of batches. */
export class Editor {
  readonly #attributes: readonly (readonly [AttributeKey, Uint8Array])[];
  readonly #schemaUrl: string;
  readonly #override: boolean;
  readonly #group = new MessageView();

  /** @param override whether attributes that a resource has are replaced */
  constructor({ attributes, schemaUrl }: Found, override: boolean) {
    this.#attributes = [...attributes].map(([name, value]) => [
      new AttributeKey(name),
      encodeValue(value),
    ]);
    this.#schemaUrl = schemaUrl;
    this.#override = override;
  }

  /** Whether there is nothing to write. */
  get isEmpty(): boolean {
    return this.#attributes.length === 0 && this.#schemaUrl === '';
  }

  /** @param batch has an overlay */
  edit<S extends Signal>(batch: Batch<S>): void {
    const reader = new GroupReader(batch as Batch<Signal>);
    const write = this.#override ? setAttribute : insertAttribute;
    while (reader.nextResource()) {
      for (const [key, value] of this.#attributes) write(reader.resource, key, value);
      if (this.#schemaUrl === '') continue;
      reader.bindResourceGroup(this.#group);
      if (this.#group.string(schemaUrlField) !== '') continue;
      setStringField(this.#group, schemaUrlField, this.#schemaUrl);
    }
  }
}
