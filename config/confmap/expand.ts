import { ConfigError } from '../schema/issue.ts';
import type { ConfNode, MapEntry, ScalarNode } from '../schema/node.ts';
import { parseYaml } from './parse.ts';
import { type Note, type Providers, type Retrieved, splitUri } from './providers.ts';
import { findReference } from './reference.ts';

/** What an expansion needs and collects. */
export interface Expansion {
  readonly providers: Providers;
  /** Called once for each note and place. */
  readonly note: (at: ConfNode['at'], note: Note) => void;
}

const maxRounds = 1000;
const maxNesting = 100;
const maxLength = 2 ** 20;
/** References followed for one value. */
const maxRetrievals = 10_000;

/**
 * Replaces `${scheme:opaque}`, `${NAME}` and `${env:NAME:-default}` in every value (never in
 * keys), innermost first and again in what was put in, then `$$` by `$`. A value that is one
 * reference takes the type that its text has in YAML and keeps the text for fields of type string;
 * inside a longer text the replacement is its text.
 * @throws ConfigError with every fault
 */
export async function expand(node: ConfNode, expansion: Expansion): Promise<ConfNode> {
  const faults: ConfigError[] = [];
  const expanded = await expandTree(node, expansion, faults);
  if (faults.length > 0) throw new ConfigError(faults.flatMap((fault) => fault.issues));
  return expanded;
}

/** Each value below maps on its own, so that one fault does not hide the others. */
async function expandTree(
  node: ConfNode,
  expansion: Expansion,
  faults: ConfigError[],
): Promise<ConfNode> {
  if (node.kind === 'map') {
    const entries = new Map<string, MapEntry>();
    for (const [key, { at, value }] of node.entries) {
      entries.set(key, { at, value: await expandTree(value, expansion, faults) });
    }
    return { ...node, entries };
  }
  try {
    return unescapeDollars(await new Expander(expansion, node).run());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(error);
    return node;
  }
}

/** One round: the node after it, the same object when nothing was replaced. */
type Round = Promise<ConfNode>;

class Expander {
  readonly #expansion: Expansion;
  readonly #start: ConfNode;
  #retrievals = 0;

  constructor(expansion: Expansion, start: ConfNode) {
    this.#expansion = expansion;
    this.#start = start;
  }

  async run(): Promise<ConfNode> {
    let node = this.#start;
    for (let i = 0; i < maxRounds; i++) {
      const next = await this.#round(node, 0);
      if (next === node) return node;
      node = next;
    }
    throw this.#tooMany();
  }

  async #round(node: ConfNode, depth: number): Round {
    if (depth > maxNesting) throw this.#tooMany();
    if (node.text !== undefined) return this.#expanded(node, node.text, depth);
    if (node.kind === 'scalar') {
      if (typeof node.value !== 'string') return node;
      return this.#text(node, node.value);
    }
    if (node.kind === 'list') {
      const items: ConfNode[] = [];
      for (const item of node.items) items.push(await this.#round(item, depth + 1));
      return items.every((item, i) => item === node.items[i]) ? node : { ...node, items };
    }
    const entries = new Map<string, MapEntry>();
    let changed = false;
    for (const [key, { at, value }] of node.entries) {
      const next = await this.#round(value, depth + 1);
      changed ||= next !== value;
      entries.set(key, { at, value: next });
    }
    return changed ? { ...node, entries } : node;
  }

  /** A value that came from a reference: value and text are expanded side by side. */
  async #expanded(node: ConfNode, text: string, depth: number): Round {
    const { text: _, ...bare } = node;
    const value = await this.#round(bare, depth);
    const changed = value !== bare;
    const isText = value.kind === 'scalar' && typeof value.value === 'string';
    if (isText || value.text !== undefined) return changed || isText ? value : node;
    let original: ConfNode;
    try {
      original = await this.#text({ kind: 'scalar', at: node.at, value: text }, text);
    } catch (error) {
      if (error instanceof ConfigError) return changed ? value : node;
      throw error;
    }
    if (original.kind !== 'scalar' || original.text !== undefined) return changed ? value : node;
    const newText = String(original.value);
    return changed || newText !== text ? { ...value, text: newText } : node;
  }

  async #text(node: ScalarNode, text: string): Round {
    const reference = findReference(text);
    if (reference === undefined) return node;
    if (++this.#retrievals > maxRetrievals || text.length > maxLength) throw this.#tooMany();
    const got = await this.#retrieve(node, reference.slice(2, -1));
    if (reference === text) return insert(node, got);
    return { kind: 'scalar', at: node.at, value: text.replaceAll(reference, () => got.text) };
  }

  /** @param body what stands between the braces: `scheme:opaque`, `NAME`, `env:NAME:-default` */
  async #retrieve(node: ScalarNode, body: string): Promise<Retrieved> {
    const uri = body.includes(':') ? body : `env:${body}`;
    const split = splitUri(uri);
    if (split === undefined) throw fault(node, `invalid uri: ${quote(uri)}${envHint(uri)}`);
    if (split.opaque.includes('$')) {
      throw fault(node, `the uri ${quote(uri)} contains unsupported characters ('$')`);
    }
    const provider = this.#expansion.providers.get(split.scheme);
    if (provider === undefined) {
      const known = [...this.#expansion.providers.keys()].join(', ');
      const what = `scheme ${quote(split.scheme)} is not supported for uri ${quote(uri)}`;
      throw fault(node, `${what}${envHint(uri) || ` (known schemes: ${known})`}`);
    }
    try {
      const got = await provider(split.opaque);
      if (got.note !== undefined) this.#expansion.note(node.at, got.note);
      return got;
    } catch (error) {
      throw fault(node, error instanceof Error ? error.message : String(error));
    }
  }

  #tooMany(): ConfigError {
    const { value } = this.#start.kind === 'scalar' ? this.#start : { value: undefined };
    const where = typeof value === 'string' ? ` in ${quote(value)}` : '';
    return fault(this.#start, `too many recursive expansions${where}`);
  }
}

/** Puts the text behind a whole-value reference in its place, as the YAML value that it is. */
function insert(node: ScalarNode, got: Retrieved): ConfNode {
  let parsed: ConfNode;
  try {
    parsed = parseYaml(got.text, got.name, undefined, got.located === true ? undefined : node.at);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    // Text that is no YAML is a text; a map that could have been read is a fault.
    if (!/invalid YAML|unknown alias|twice/.test(error.message)) throw error;
    return { kind: 'scalar', at: node.at, value: got.text, text: got.text, hint: error.message };
  }
  const isText = parsed.kind === 'scalar' && typeof parsed.value === 'string';
  if (isText) return { kind: 'scalar', at: node.at, value: got.text, text: got.text };
  return { ...parsed, at: parsed.kind === 'scalar' ? node.at : parsed.at, text: got.text };
}

function envHint(uri: string): string {
  const isDefault = /^[a-zA-Z_]\w*:-/.test(uri);
  return isDefault ? `; a default needs the scheme: \${env:${uri.slice(0, 60)}}` : '';
}

function unescapeDollars(node: ConfNode): ConfNode {
  const text = node.text === undefined ? {} : { text: node.text.replaceAll('$$', '$') };
  if (node.kind === 'scalar') {
    if (typeof node.value !== 'string') return { ...node, ...text };
    return { ...node, ...text, value: node.value.replaceAll('$$', '$') };
  }
  if (node.kind === 'list') return { ...node, ...text, items: node.items.map(unescapeDollars) };
  const entries = new Map<string, MapEntry>();
  for (const [key, { at, value }] of node.entries) {
    entries.set(key, { at, value: unescapeDollars(value) });
  }
  return { ...node, ...text, entries };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text);
}

function fault(node: ConfNode, message: string): ConfigError {
  return new ConfigError([{ at: node.at, path: [], message }]);
}
