import type { Value, ValueMap } from '../../expr/index.ts';
import type { Entry } from './entry.ts';

/** A place in an entry: `body`, `body.a.b`, `attributes["x.y"]`, `resource.z`. */
export interface Field {
  readonly root: 'body' | 'attributes' | 'resource';
  readonly keys: readonly string[];
}

/**
 * Reads a field's text.
 * @param rootable whether `attributes` and `resource` may stand alone
 * @throws Error that quotes the text
 */
export function parseField(text: string, rootable = false): Field {
  const [root, ...keys] = splitField(text);
  if (root !== 'body' && root !== 'attributes' && root !== 'resource') {
    throw new Error(`unrecognized prefix of field ${JSON.stringify(text)}`);
  }
  if (root !== 'body' && keys.length === 0 && !rootable) {
    throw new Error(`${root} cannot be referenced without subfield`);
  }
  return { root, keys };
}

/** Keys of a path in dot or bracket notation. */
function splitField(text: string): string[] {
  const keys: string[] = [];
  const fail = (what: string) => new Error(`${what} in field ${JSON.stringify(text)}`);
  let at = 0;
  let afterDot = true;
  while (at < text.length || (afterDot && keys.length > 0)) {
    if (text[at] === '[' && !(afterDot && keys.length > 0)) {
      const quote = text[at + 1];
      if (quote === undefined) throw fail('found unclosed left bracket');
      if (quote !== "'" && quote !== '"') {
        throw fail('strings in brackets must be surrounded by quotes');
      }
      const end = text.indexOf(quote, at + 2);
      if (end < 0) throw fail(`found unclosed ${quote === '"' ? 'double' : 'single'} quote`);
      if (end + 1 >= text.length) throw fail('found unclosed left bracket');
      if (text[end + 1] !== ']') {
        throw fail('found characters between closed quote and closing bracket');
      }
      keys.push(text.slice(at + 2, end));
      at = end + 2;
      afterDot = false;
      if (at >= text.length) break;
      if (text[at] === '.') {
        at += 1;
        afterDot = true;
      } else if (text[at] !== '[') {
        throw fail('bracketed access must be followed by a dot or another bracketed access');
      }
      continue;
    }
    const rest = /^[^.[]*/.exec(text.slice(at))![0];
    keys.push(rest);
    at += rest.length;
    afterDot = text[at] === '.';
    if (afterDot) at += 1;
    else if (at >= text.length) break;
  }
  if (keys.length === 0) throw fail('no keys');
  return keys;
}

/** The text of a field, as messages quote it. */
export function printField({ root, keys }: Field): string {
  if (keys.length === 0) return root;
  if (keys.some((key) => key.includes('.'))) return root + keys.map((key) => `['${key}']`).join('');
  return `${root}.${keys.join('.')}`;
}

/** What stands at a field; undefined when nothing does. */
export function getField(entry: Entry, field: Field): Value | undefined {
  let value: Value | undefined = entry[field.root];
  for (const key of field.keys) {
    if (!(value instanceof Map)) return undefined;
    value = value.get(key);
  }
  return value;
}

/**
 * Puts a value at a field, making maps on the way. A map is merged into what is there.
 * @throws Error for a root of attributes or resource that is given something else than a map
 */
export function setField(entry: Entry, field: Field, value: Value): void {
  const { root, keys } = field;
  if (value instanceof Map) {
    let target = rootMap(entry, root);
    for (const key of keys) target = nested(target, key);
    if (target !== value) for (const [key, inner] of value) target.set(key, inner);
    return;
  }
  if (keys.length === 0) {
    if (root !== 'body') throw new Error(`cannot set ${root} root`);
    entry.body = value;
    return;
  }
  let target = rootMap(entry, root);
  for (let i = 0; i < keys.length - 1; i += 1) target = nested(target, keys[i]!);
  target.set(keys.at(-1)!, value);
}

function rootMap(entry: Entry, root: Field['root']): ValueMap {
  const here = entry[root];
  if (here instanceof Map) return here;
  const made: ValueMap = new Map();
  entry[root] = made;
  return made;
}

function nested(map: ValueMap, key: string): ValueMap {
  const here = map.get(key);
  if (here instanceof Map) return here;
  const made: ValueMap = new Map();
  map.set(key, made);
  return made;
}

/** Takes out what stands at a field. @returns it; undefined when there was nothing */
export function deleteField(entry: Entry, field: Field): Value | undefined {
  const { root, keys } = field;
  if (keys.length === 0) {
    const old = entry[root];
    if (root === 'body') entry.body = null;
    else entry[root] = undefined;
    return old;
  }
  let map: Value | undefined = entry[root];
  for (let i = 0; i < keys.length - 1; i += 1) {
    if (!(map instanceof Map)) return undefined;
    map = map.get(keys[i]!);
  }
  if (!(map instanceof Map)) return undefined;
  const last = keys.at(-1)!;
  const old = map.get(last);
  map.delete(last);
  return old;
}
