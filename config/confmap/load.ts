import { ConfigError } from '../schema/issue.ts';
import type { ConfNode, MapNode, Position } from '../schema/node.ts';
import { expand } from './expand.ts';
import { mergeNodes } from './merge.ts';
import { parseYaml } from './parse.ts';
import { type Providers, retrieve } from './providers.ts';

/** Something worth saying that does not stop the program. */
export interface ConfigWarning {
  readonly at: Position;
  readonly message: string;
}

/** A configuration read from its sources: merged and expanded, not yet checked. */
export interface LoadedConfig {
  readonly root: MapNode;
  readonly warnings: readonly ConfigWarning[];
}

/**
 * Reads the sources of `--config` in order, merges them left to right and replaces references.
 * @param uris paths or `scheme:opaque`; at least one
 * @throws ConfigError with every fault of syntax or expansion; Error when a source cannot be read
 */
export async function loadConfig(
  uris: readonly string[],
  providers: Providers,
): Promise<LoadedConfig> {
  if (uris.length === 0) throw new Error('at least one config flag must be provided');
  const warnings: ConfigWarning[] = [];
  const parts: ConfNode[] = [];
  for (const uri of uris) {
    const { text, name } = await retrieve(uri, providers);
    if (text === undefined) throw new Error(`cannot read ${JSON.stringify(uri)}: it is not set`);
    parts.push(mapOrEmpty(parseYaml(text, name)));
  }
  const merged = parts.reduce(mergeNodes);
  const root = await expand(merged, {
    providers,
    warn: (at, message) => warnings.push({ at, message }),
  });
  if (root.kind !== 'map') throw new Error('BUG: a merged configuration is not a map');
  return { root, warnings };
}

function mapOrEmpty(node: ConfNode): MapNode {
  if (node.kind === 'map') return node;
  if (node.kind === 'scalar' && node.value === null) {
    return { kind: 'map', at: node.at, entries: new Map() };
  }
  const what = node.kind === 'list' ? 'a list' : 'a single value';
  const message = `a configuration is a map of sections, this is ${what}`;
  throw new ConfigError([{ at: node.at, path: [], message }]);
}
