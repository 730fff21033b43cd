import { ConfigError } from '../schema/issue.ts';
import type { ConfNode, MapNode, Position } from '../schema/node.ts';
import { expand } from './expand.ts';
import { appendLists, mergeNodes, splitKeys } from './merge.ts';
import { parseYaml } from './parse.ts';
import { type Note, type Providers, sourceUri } from './providers.ts';

/** Something worth saying that does not stop the program. */
export interface ConfigNote extends Note {
  readonly at: Position;
}

/** A configuration read from its sources: merged and expanded, not yet checked. */
export interface LoadedConfig {
  readonly root: MapNode;
  readonly notes: readonly ConfigNote[];
}

/** How sources are merged. */
export interface LoadOptions {
  /** Lists of extensions, receivers and exporters of later sources are added to earlier ones'. */
  readonly appendLists?: boolean;
}

/**
 * Reads the sources of `--config` in order, merges them left to right and replaces references.
 * @param uris paths or `scheme:opaque`; at least one
 * @throws ConfigError with every fault of syntax or expansion; Error when a source cannot be read
 */
export async function loadConfig(
  uris: readonly string[],
  providers: Providers,
  options: LoadOptions = {},
): Promise<LoadedConfig> {
  if (uris.length === 0) throw new Error('at least one config flag must be provided');
  const notes = new Map<string, ConfigNote>();
  const note = (at: Position, found: Note) => {
    notes.set(`${at.file}:${at.line}:${at.column}:${found.message}`, { at, ...found });
  };
  const sources = uris.map((uri) => sourceUri(uri, providers));
  let merged: ConfNode | undefined;
  for (const { scheme, opaque } of sources) {
    const { text, name, note: found } = await providers.get(scheme)!(opaque);
    const part = splitKeys(mapOrEmpty(parseYaml(text, name)));
    if (found !== undefined) note(part.at, found);
    const lists = options.appendLists === true ? appendLists : undefined;
    merged = merged === undefined ? part : mergeNodes(merged, part, lists);
  }
  const root = splitKeys(await expand(merged!, { providers, note }));
  if (root.kind !== 'map') throw new Error('BUG: a merged configuration is not a map');
  return { root, notes: [...notes.values()] };
}

function mapOrEmpty(node: ConfNode): MapNode {
  if (node.kind === 'map') return node;
  if (node.kind === 'scalar' && node.value === null) {
    return { kind: 'map', at: node.at, entries: new Map() };
  }
  const what = node.kind === 'list' ? 'a list' : 'a single value';
  const message = `cannot be used as a configuration: expected a map of sections, got ${what}`;
  throw new ConfigError([{ at: node.at, path: [], message }]);
}
