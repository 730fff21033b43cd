import { encodeValue } from '../../pdata/objects/index.ts';
import type { Value, ValueMap } from '../../pdata/objects/model.ts';
import { ValueView } from '../../pdata/readers.ts';
import type { Config } from './config.ts';
import { systemOf } from './database/system.ts';
import type { Rules } from './rules.ts';
import { Done, writeSummary } from './summary.ts';

/** A value as text, as the Go collector writes it. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  const view = new ValueView();
  const bytes = encodeValue(value);
  view.locate(bytes, 0, bytes.length);
  return view.toText();
}

/** Applies rules to attributes that are objects: those of events. */
export class Redactor {
  readonly #rules: Rules;
  readonly #config: Config;
  readonly #done = new Done();

  constructor(rules: Rules, config: Config) {
    this.#rules = rules;
    this.#config = config;
  }

  attributes(attributes: ValueMap): void {
    if (attributes.size === 0) return;
    const rules = this.#rules;
    const done = this.#done;
    done.clear();
    const system = rules.database === undefined ? '' : systemOf(attributes);
    for (const [key, value] of attributes) {
      if (rules.isIgnored(key)) done.ignored.push(key);
      else if (rules.isRemoved(key)) done.redacted.push(key);
      else this.#attribute(attributes, key, value, system);
    }
    for (const key of done.redacted) attributes.delete(key);
    writeSummary(this.#config.summary, attributes, done, '');
  }

  #attribute(attributes: ValueMap, key: string, value: Value, system: string): void {
    const rules = this.#rules;
    let text = typeof value === 'string' ? value : '';
    if (this.#config.redact_all_types) text = textOf(value);
    if (rules.isAllowed(text)) {
      this.#done.allowed.push(key);
      return;
    }
    const masked = rules.isMasked(key);
    const result = masked ? rules.maskAll(text) : rules.attribute(text, key, system);
    if (!masked && result === text) return;
    this.#done.masked.push(key);
    attributes.set(key, result);
  }
}
