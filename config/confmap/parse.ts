import type { Document, Node, Pair, Scalar, YAMLMap } from 'yaml';
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import { ConfigError } from '../schema/issue.ts';
import type { ConfNode, MapEntry, Position, ScalarNode, ScalarValue } from '../schema/node.ts';
import { parseDocument } from './document.ts';
import { resolveScalar } from './scalar.ts';

/** Bounds of one YAML source, checked before and while it is read. */
export interface ParseLimits {
  /** Characters of the text. */
  readonly maxLength: number;
  /** Nesting of maps and lists. */
  readonly maxDepth: number;
  /** Values after aliases are resolved: what stops a bomb of aliases. */
  readonly maxNodes: number;
  /** Aliases (`*name`), each of which is looked up. */
  readonly maxAliases: number;
}

/** 4 Mi characters, depth 100, 200,000 values, 1,000 aliases. */
export const defaultParseLimits: ParseLimits = {
  maxLength: 4 * 2 ** 20,
  maxDepth: 100,
  maxNodes: 200_000,
  maxAliases: 1000,
};

/**
 * Reads the first YAML document of a text, every value with its position. Anchors, aliases and
 * `<<` work. Keys that are no texts become texts as Go prints them (`1`, `83` for 0123, `true`).
 * @param file name for positions
 * @param start position of the text's first character, when it is a part of another text
 * @throws ConfigError at the first fault
 */
export function parseYaml(
  text: string,
  file: string,
  limits: ParseLimits = defaultParseLimits,
  start?: Position,
): ConfNode {
  const origin = start ?? { file, line: 1, column: 1 };
  if (text.length > limits.maxLength) {
    throw fault(origin, `larger than ${limits.maxLength} characters`);
  }
  const deep = tooDeep(text, limits.maxDepth);
  if (deep) throw fault(origin, `nested deeper than ${limits.maxDepth} levels`);
  const parsed = parseDocument(text);
  const place = (offset: number): Position => {
    if (start !== undefined) return start;
    const { line, column } = parsed.place(offset);
    return { file, line, column };
  };
  if (parsed.fault !== undefined) {
    const { message, offset } = parsed.fault;
    throw new ConfigError([{ at: place(offset), path: [], message: `invalid YAML: ${message}` }]);
  }
  const { document } = parsed;
  if (document === undefined) return { kind: 'scalar', at: origin, value: null };
  const reader = new Reader(document, place, limits);
  return reader.read(document.contents, 0, origin);
}

/** Flow collections and one-line nesting `- - -` recurse in the YAML parser itself. */
function tooDeep(text: string, limit: number): boolean {
  let flow = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5b || c === 0x7b) flow++;
    else if ((c === 0x5d || c === 0x7d) && flow > 0) flow--;
    else if (c === 0x0a) flow = text.charCodeAt(i + 1) === 0x20 ? flow : 0;
    if (flow > 10 * limit) return true;
  }
  return new RegExp(`(?:[-?] ){${limit},}`).test(text);
}

function fault(at: Position, message: string): ConfigError {
  return new ConfigError([{ at, path: [], message: `cannot read YAML: ${message}` }]);
}

class Reader {
  readonly #document: Document;
  readonly #place: (offset: number) => Position;
  readonly #limits: ParseLimits;
  #nodes = 0;
  #aliases = 0;

  constructor(document: Document, place: (offset: number) => Position, limits: ParseLimits) {
    this.#document = document;
    this.#place = place;
    this.#limits = limits;
  }

  read(node: Node | null | unknown, depth: number, around: Position): ConfNode {
    const at = this.#position(node, around);
    if (++this.#nodes > this.#limits.maxNodes) {
      throw fault(at, `more than ${this.#limits.maxNodes} values; aliases count each time`);
    }
    if (depth > this.#limits.maxDepth) {
      throw fault(at, `nested deeper than ${this.#limits.maxDepth} levels`);
    }
    if (isAlias(node)) {
      if (++this.#aliases > this.#limits.maxAliases) {
        throw fault(at, `more than ${this.#limits.maxAliases} aliases`);
      }
      const target = node.resolve(this.#document);
      if (target === undefined) throw fault(at, `unknown alias ${JSON.stringify(node.source)}`);
      return this.read(target, depth + 1, at);
    }
    if (isMap(node)) return this.#map(node, depth, at);
    if (isSeq(node)) {
      return { kind: 'list', at, items: node.items.map((n) => this.read(n, depth + 1, at)) };
    }
    if (isScalar(node)) return this.#scalar(node, at);
    return { kind: 'scalar', at, value: null };
  }

  #position(node: unknown, around: Position): Position {
    const range = (node as Node | null)?.range;
    return range === null || range === undefined ? around : this.#place(range[0]);
  }

  #map(node: YAMLMap, depth: number, at: Position): ConfNode {
    const entries = new Map<string, MapEntry>();
    const merged: ConfNode[] = [];
    for (const pair of node.items as Pair[]) {
      const keyAt = this.#position(pair.key, at);
      const key = this.#key(pair.key, keyAt, depth);
      if (key === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN') {
        merged.push(this.read(pair.value, depth + 1, keyAt));
        continue;
      }
      if (entries.has(key)) throw fault(keyAt, `key ${JSON.stringify(key)} is there twice`);
      entries.set(key, { at: keyAt, value: this.read(pair.value, depth + 1, keyAt) });
    }
    for (const source of merged) mergeInto(entries, source);
    return { kind: 'map', at, entries };
  }

  #key(key: unknown, at: Position, depth: number): string {
    const target = isAlias(key) ? key.resolve(this.#document) : key;
    if (target !== null && !isScalar(target)) throw fault(at, 'a key is not a text');
    const { value } = target === null ? { value: null } : this.#scalar(target, at);
    if (typeof value === 'string') return value;
    const text = value === null ? '<nil>' : String(value);
    if (depth > 0) return text;
    throw fault(at, `the key ${text} is not a text; put it in quotes`);
  }

  #scalar(node: Scalar, at: Position): ScalarNode {
    const text = String(node.value ?? '');
    const tag = node.tag ?? '';
    const plain = node.type === 'PLAIN' || node.type === undefined;
    if (tag === '' || tag === '!') {
      return { kind: 'scalar', at, value: plain && tag === '' ? resolveScalar(text) : text };
    }
    return { kind: 'scalar', at, value: tagged(text, tag.replace(/^!!/, yamlTag), at) };
  }
}

const yamlTag = 'tag:yaml.org,2002:';

function tagged(text: string, tag: string, at: Position): ScalarValue {
  if (tag === `${yamlTag}str` || tag.startsWith('!')) return text;
  const value = resolveScalar(text);
  const type = value === null ? 'null' : typeof value;
  const integer = typeof value === 'bigint' || Number.isInteger(value);
  if (tag === `${yamlTag}int` && integer) return value;
  if (tag === `${yamlTag}float` && (type === 'number' || type === 'bigint')) return Number(value);
  if (tag === `${yamlTag}bool` && type === 'boolean') return value;
  if (tag === `${yamlTag}null` && type === 'null') return value;
  if (tag === `${yamlTag}timestamp` && value instanceof Date) return value;
  if (tag === `${yamlTag}binary` && /^[A-Za-z\d+/\s]*=?=?\s*$/.test(text)) {
    return Buffer.from(text, 'base64').toString('utf8');
  }
  throw fault(at, `cannot read ${JSON.stringify(text)} as ${tag.replace(yamlTag, '!!')}`);
}

/** `<<: map` or `<<: [map, map]`: keys that are there already win. */
function mergeInto(entries: Map<string, MapEntry>, source: ConfNode): void {
  if (source.kind === 'list') {
    for (const item of source.items) mergeInto(entries, item);
    return;
  }
  if (source.kind !== 'map') throw fault(source.at, '"<<" wants a map or a list of maps');
  for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry);
}
