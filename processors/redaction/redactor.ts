import { encodeValue } from '../../pdata/objects/index.ts';
import type { LogRecord, Span, Value, ValueMap } from '../../pdata/objects/model.ts';
import { ValueView } from '../../pdata/readers.ts';
import type { Config } from './config.ts';
import { systemOf } from './database/system.ts';
import type { Rules } from './rules.ts';
import { sanitizedName } from './span-name.ts';
import { Done, writeSummary } from './summary.ts';

/** A value as text, as the Go collector writes it. */
function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  const view = new ValueView();
  const bytes = encodeValue(value);
  view.locate(bytes, 0, bytes.length);
  return view.toText();
}

/** Applies rules to attributes, bodies and names. */
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

  /** The body of a log record; what was done is written to its attributes. */
  body(record: LogRecord): void {
    const done = this.#done;
    done.clear();
    const { body } = record;
    if (body instanceof Map) this.#map(body, '');
    else if (Array.isArray(body)) this.#list(body, '');
    else {
      const text = textOf(body);
      // nothing is written for a body that is allowed
      if (this.#rules.isAllowed(text)) return;
      const result = this.#rules.body(text);
      if (result !== text) {
        done.masked.push('body');
        record.body = result;
      }
    }
    writeSummary(this.#config.summary, record.attributes, done, 'body.');
  }

  /** @param path of the map, with a dot behind; '' = the body itself */
  #map(map: ValueMap, path: string): void {
    const rules = this.#rules;
    const done = this.#done;
    const removed: string[] = [];
    for (const [key, value] of map) {
      const full = path + key;
      if (rules.isIgnored(key)) done.ignored.push(full);
      else if (rules.isRemoved(key)) removed.push(key);
      else if (rules.isMasked(key)) {
        done.masked.push(full);
        map.set(key, rules.maskAll(typeof value === 'string' ? value : ''));
      } else this.#value(value, full, (text) => map.set(key, text));
    }
    for (const key of removed) {
      map.delete(key);
      done.redacted.push(path + key);
    }
  }

  #list(list: Value[], path: string): void {
    for (let i = 0; i < list.length; i += 1) {
      this.#value(list[i]!, `${path}[${i}]`, (text) => {
        list[i] = text;
      });
    }
  }

  #value(value: Value, path: string, set: (text: string) => void): void {
    if (value instanceof Map) this.#map(value, `${path}.`);
    else if (Array.isArray(value)) this.#list(value, `${path}.`);
    else {
      const text = textOf(value);
      if (this.#rules.isAllowed(text)) {
        this.#done.allowed.push(path);
        return;
      }
      const result = this.#rules.body(text);
      if (result === text) return;
      this.#done.masked.push(path);
      set(result);
    }
  }

  spanName(span: Span): void {
    if (this.#rules.isAllowed(span.name)) return;
    const name = sanitizedName(span, this.#rules, this.#config);
    if (name !== '' && name !== '...') span.name = name;
  }
}
