import { stringify } from 'yaml';
import type { Kind } from '../../component/factory.ts';
import { defaultProviders, loadConfig } from '../../config/confmap/index.ts';
import { formatDuration } from '../../config/schema/duration.ts';
import { type EncodeOptions, encode } from '../../config/schema/encode.ts';
import { parseId } from '../../config/schema/id.ts';
import type { ConfNode, MapNode } from '../../config/schema/node.ts';
import { findComponent, type RegistryEntry, registry } from '../components.ts';
import { withGateDefaults } from '../config/gate-defaults.ts';
import type { FeatureGates } from '../config/gates.ts';
import { resolveConfig } from '../config/resolve.ts';
import { sectionOf } from '../config/sections.ts';
import { serviceSchema } from '../config/service.ts';
import type { Sources } from './sources.ts';

/** How `print-config` prints. */
export interface PrintOptions {
  /** yaml or json, in any case. */
  readonly format: string;
  /** redacted or unredacted, in any case. */
  readonly mode: string;
  /** Whether references between components are checked, too. */
  readonly validate: boolean;
}

/**
 * The configuration after merging, references and defaults: durations as Go writes them in YAML, in
 * nanoseconds in JSON; what is secret masked unless asked for. What it prints means the same when
 * it is read again.
 * @throws ConfigError for a bad configuration, Error for bad options
 */
export async function printConfig(
  sources: Sources,
  { format, mode, validate }: PrintOptions,
  entries: readonly RegistryEntry[] = registry,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string> {
  const unredacted = mode.toLowerCase() === 'unredacted';
  if (!unredacted && mode.toLowerCase() !== 'redacted') {
    throw new Error(`invalid mode ${JSON.stringify(mode)}: modes are: redacted, unredacted`);
  }
  const { uris, gates } = sources;
  const appendLists = gates.enabled('confmap.enableMergeAppendOption');
  const { root } = await loadConfig(uris, defaultProviders(env), { appendLists });
  await resolveConfig(root, entries, gates, { references: validate });
  const json = format.toLowerCase() === 'json';
  if (!json && format.toLowerCase() !== 'yaml') {
    throw new Error(`unrecognized print format: ${format}`);
  }
  const duration = json ? (ms: number) => Math.round(ms * 1e6) : formatDuration;
  const plain = await encodeRoot(root, entries, gates, { unredacted, duration });
  if (json) return `${JSON.stringify(sorted(plain), bigints, 2)}\n`;
  return `${toYaml(plain, 4)}\n`;
}

function toYaml(plain: unknown, indent: number): string {
  const style = { lineWidth: 0, sortMapEntries: true, version: '1.1' } as const;
  return stringify(plain, { ...style, indent, aliasDuplicateObjects: false });
}

/** A configuration that runs as YAML, with defaults and without secrets; sections in usual order. */
export async function configYaml(
  root: MapNode,
  gates: FeatureGates,
  entries: readonly RegistryEntry[] = registry,
): Promise<string> {
  const plain = await encodeRoot(root, entries, gates, shownYaml);
  const used = Object.entries(plain).filter(([, section]) => Object.keys(section as object).length);
  return used.map(([key, section]) => toYaml({ [key]: section }, 2)).join('');
}

/** The same of each configured component, by kind and id: `processor/batch`. */
export async function configYamlByComponent(
  root: MapNode,
  gates: FeatureGates,
  entries: readonly RegistryEntry[] = registry,
): Promise<ReadonlyMap<string, string>> {
  const plain = await encodeRoot(root, entries, gates, shownYaml);
  const found = new Map<string, string>();
  for (const kind of Object.keys(sectionOf) as Kind[]) {
    for (const [id, config] of Object.entries(plain[sectionOf[kind]] as object)) {
      found.set(`${kind}/${id}`, toYaml(config, 2));
    }
  }
  return found;
}

const shownYaml: EncodeOptions = { unredacted: false, duration: formatDuration };

/** A configuration that runs as JSON, with defaults and without secrets, for pages that show it. */
export async function configJson(
  root: MapNode,
  gates: FeatureGates,
  entries: readonly RegistryEntry[] = registry,
): Promise<string> {
  const duration = (ms: number) => Math.round(ms * 1e6);
  const plain = await encodeRoot(root, entries, gates, { unredacted: false, duration });
  return JSON.stringify(sorted(plain), bigints);
}

async function encodeRoot(
  root: MapNode,
  entries: readonly RegistryEntry[],
  gates: FeatureGates,
  options: EncodeOptions,
): Promise<Record<string, unknown>> {
  const out: Record<string, unknown> = {};
  for (const kind of Object.keys(sectionOf) as Kind[]) {
    const section: Record<string, unknown> = {};
    for (const [key, { value }] of mapAt(root, sectionOf[kind])) {
      const id = parseId(key);
      const { factory } = await findComponent(kind, id.type, entries)!.load();
      const given = withGateDefaults(value, kind, factory.type, gates);
      section[id.text] = encode(emptyMap(given), factory.config, options);
    }
    out[sectionOf[kind]] = section;
  }
  const service = root.entries.get('service')?.value;
  const encoded = encode(emptyMap(service), serviceSchema, options) as Record<string, unknown>;
  if ((encoded.extensions as unknown[]).length === 0) delete encoded.extensions;
  out.service = encoded;
  return out;
}

function mapAt(root: MapNode, key: string): MapNode['entries'] {
  const node = root.entries.get(key)?.value;
  return node?.kind === 'map' ? node.entries : new Map();
}

/** Null and nothing are all defaults. */
function emptyMap(node: ConfNode | undefined): ConfNode {
  if (node?.kind === 'map') return node;
  return { kind: 'map', at: node?.at ?? { file: '', line: 1, column: 1 }, entries: new Map() };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** A number as it is written, whatever its size. */
const rawJson = Reflect.get(JSON, 'rawJSON') as (text: string) => unknown;

function bigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJson(String(value)) : value;
}
