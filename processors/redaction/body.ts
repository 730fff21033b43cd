import type { Value, ValueMap } from '../../pdata/objects/model.ts';
import { textOf } from './redactor.ts';
import type { Rules } from './rules.ts';
import type { Done } from './summary.ts';

/** Applies rules to maps and lists in bodies of log records, which are changed in place. */
export class BodyRedactor {
  readonly #rules: Rules;
  readonly #done: Done;

  constructor(rules: Rules, done: Done) {
    this.#rules = rules;
    this.#done = done;
  }

  /** @param path of the map, with a dot behind; '' = the body itself */
  map(map: ValueMap, path = ''): void {
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

  list(list: Value[], path = ''): void {
    for (let i = 0; i < list.length; i += 1) {
      this.#value(list[i]!, `${path}[${i}]`, (text) => {
        list[i] = text;
      });
    }
  }

  #value(value: Value, path: string, set: (text: string) => void): void {
    if (value instanceof Map) this.map(value, `${path}.`);
    else if (Array.isArray(value)) this.list(value, `${path}.`);
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
}
