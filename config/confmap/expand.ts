import { ConfigError } from '../schema/issue.ts';
import type { ConfNode, ListNode, MapEntry, MapNode, ScalarNode } from '../schema/node.ts';
import { parseYaml } from './parse.ts';
import { type Providers, retrieve } from './providers.ts';
import { findReference } from './reference.ts';

/** What an expansion needs and collects. */
export interface Expansion {
  readonly providers: Providers;
  /** Texts such as "references unset environment variable". */
  readonly warn: (at: ConfNode['at'], message: string) => void;
}

const maxRounds = 1000;
const maxNesting = 50;
const maxLength = 2 ** 20;

/**
 * Replaces `${scheme:opaque}`, `${NAME}` and `${env:NAME:-default}` in every value (never in
 * keys), innermost first and again in what was put in, then `$$` by `$`. A value that is one
 * reference takes the type that its text has in YAML and keeps the text for fields of type string;
 * inside a longer text the replacement is its text.
 * @throws ConfigError with every fault
 */
export async function expand(node: ConfNode, expansion: Expansion): Promise<ConfNode> {
  const faults: ConfigError[] = [];
  const expanded = await walk(node, expansion, faults, { count: 0 }, 0);
  if (faults.length > 0) throw new ConfigError(faults.flatMap((fault) => fault.issues));
  return expanded;
}

interface Rounds {
  count: number;
}

async function walk(
  node: ConfNode,
  expansion: Expansion,
  faults: ConfigError[],
  rounds: Rounds,
  nesting: number,
): Promise<ConfNode> {
  if (node.kind === 'scalar') {
    if (typeof node.value !== 'string' || !node.value.includes('$')) return node;
    try {
      return await expandText(node, node.value, expansion, { count: rounds.count }, nesting);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(error);
      return node;
    }
  }
  const text = node.text === undefined ? {} : { text: unescapeDollars(node.text) };
  if (node.kind === 'list') {
    const items: ConfNode[] = [];
    for (const item of node.items) {
      items.push(await walk(item, expansion, faults, rounds, nesting));
    }
    return { kind: 'list', at: node.at, items, ...text } satisfies ListNode;
  }
  const entries = new Map<string, MapEntry>();
  for (const [key, entry] of node.entries) {
    const value = await walk(entry.value, expansion, faults, rounds, nesting);
    entries.set(key, { at: entry.at, value });
  }
  return { kind: 'map', at: node.at, entries, ...text } satisfies MapNode;
}

async function expandText(
  node: ScalarNode,
  input: string,
  expansion: Expansion,
  rounds: Rounds,
  nesting: number,
): Promise<ConfNode> {
  let text = input;
  let from = 0;
  for (;;) {
    const found = findReference(text, from);
    if (found === undefined) break;
    if (++rounds.count > maxRounds || nesting > maxNesting || text.length > maxLength) {
      throw fault(node, `too many recursive expansions in ${quote(input)}`);
    }
    const got = await resolve(node, found.body, expansion);
    if (found.start === 0 && found.end === text.length) {
      return insert(node, got, expansion, rounds, nesting);
    }
    const inner = got.text ?? '';
    text = text.slice(0, found.start) + inner + text.slice(found.end);
    from = 0;
  }
  const value = unescapeDollars(text);
  return { kind: 'scalar', at: node.at, value };
}

interface Found {
  readonly text: string | undefined;
  readonly name: string;
  readonly file: boolean;
}

/** Puts the text behind a whole-value reference in its place, as the YAML value that it is. */
async function insert(
  node: ScalarNode,
  got: Found,
  expansion: Expansion,
  rounds: Rounds,
  nesting: number,
): Promise<ConfNode> {
  if (got.text === undefined) return { kind: 'scalar', at: node.at, value: null, text: '' };
  const parsed = parsedOrText(node, got.text, got);
  if (parsed.kind !== 'scalar') {
    const faults: ConfigError[] = [];
    const inner = await walk({ ...parsed, text: got.text }, expansion, faults, rounds, nesting + 1);
    if (faults.length > 0) throw new ConfigError(faults.flatMap((f) => f.issues));
    return inner;
  }
  if (typeof parsed.value === 'string' && findReference(got.text, 0) !== undefined) {
    return expandText(node, got.text, expansion, rounds, nesting + 1);
  }
  const value = typeof parsed.value === 'string' ? unescapeDollars(parsed.value) : parsed.value;
  return { kind: 'scalar', at: node.at, value, text: unescapeDollars(got.text) };
}

/** Text that is no YAML stays text. Positions: inside an included file its own, else the reference's. */
function parsedOrText(node: ScalarNode, text: string, got: Found): ConfNode {
  try {
    return parseYaml(text, got.name, undefined, got.file ? undefined : node.at);
  } catch (error) {
    if (!(error instanceof ConfigError) || got.file) throw error;
    return { kind: 'scalar', at: node.at, value: text };
  }
}

/** @param body what stands between the braces: `scheme:opaque`, `NAME`, `env:NAME:-default` */
async function resolve(node: ScalarNode, body: string, expansion: Expansion): Promise<Found> {
  const uri = /^[A-Za-z][A-Za-z0-9+.-]+:(?!-)/.test(body) ? body : `env:${body}`;
  if (uri.includes('$')) {
    throw fault(node, `the uri ${quote(uri)} contains unsupported characters ('$')`);
  }
  const isEnv = uri.startsWith('env:');
  const split = isEnv ? uri.indexOf(':-') : -1;
  const target = split < 0 ? uri : uri.slice(0, split);
  try {
    const { text, name } = await retrieve(target, expansion.providers);
    const file = uri.startsWith('file:');
    if (text !== undefined) {
      if (isEnv && text === '') expansion.warn(node.at, `${quote(name.slice(4))} is set but empty`);
      return { text, name, file };
    }
    if (split >= 0) return { text: uri.slice(split + 2), name, file };
    expansion.warn(node.at, `environment variable ${quote(name.slice(4))} is not set`);
    return { text: undefined, name, file };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw fault(node, error instanceof Error ? error.message : String(error));
  }
}

function unescapeDollars(text: string): string {
  return text.replaceAll('$$', '$');
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}

function fault(node: ConfNode, message: string): ConfigError {
  return new ConfigError([{ at: node.at, path: [], message }]);
}
