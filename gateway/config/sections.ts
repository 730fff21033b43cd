import type { Factory, Kind } from '../../component/factory.ts';
import { decode } from '../../config/schema/decode.ts';
import { deprecations } from '../../config/schema/deprecated.ts';
import { parseId } from '../../config/schema/id.ts';
import type { ConfigIssue } from '../../config/schema/issue.ts';
import {
  type ConfNode,
  type ConfPath,
  type MapEntry,
  type MapNode,
  positionAt,
} from '../../config/schema/node.ts';
import { zeroedDefaults } from '../../config/schema/nulls.ts';
import { didYouMean } from '../../config/schema/suggest.ts';
import { unusedKeys } from '../../config/schema/unused.ts';
import { findComponent, type RegistryEntry, typesOf } from '../components.ts';
import { withGateDefaults } from './gate-defaults.ts';
import { healthSubstitute } from './gate-health.ts';
import type { FeatureGates } from './gates.ts';
import type { ComponentConfig } from './program.ts';

/** YAML section of each kind. */
export const sectionOf = {
  receiver: 'receivers',
  processor: 'processors',
  exporter: 'exporters',
  connector: 'connectors',
  extension: 'extensions',
} as const satisfies Record<Kind, string>;

/** Collects what is wrong and what is worth a warning. */
export interface Findings {
  readonly issues: ConfigIssue[];
  readonly warnings: ConfigIssue[];
  readonly gates: FeatureGates;
}

/** Reads the section of a kind: finds each component's factory and decodes its configuration. */
export async function readComponents(
  root: MapNode,
  kind: Kind,
  entries: readonly RegistryEntry[],
  findings: Findings,
): Promise<ReadonlyMap<string, ComponentConfig>> {
  const section = root.entries.get(sectionOf[kind]);
  const found = new Map<string, ComponentConfig>();
  if (section === undefined) return found;
  const { value } = section;
  if (value.kind !== 'map') {
    if (value.kind === 'scalar' && value.value === null) return found;
    const message = 'expected a map of component ids';
    findings.issues.push({ at: value.at, path: [sectionOf[kind]], message });
    return found;
  }
  const read = await Promise.all(
    [...value.entries].map(([key, entry]) => readComponent(kind, key, entry, entries, findings)),
  );
  for (const component of read) {
    if (component === undefined) continue;
    if (found.has(component.id)) {
      const message = `duplicate name ${JSON.stringify(component.id)}`;
      findings.issues.push({ at: component.at, path: [sectionOf[kind]], message });
    }
    found.set(component.id, component);
  }
  return found;
}

async function readComponent(
  kind: Kind,
  key: string,
  entry: MapEntry,
  entries: readonly RegistryEntry[],
  findings: Findings,
): Promise<ComponentConfig | undefined> {
  const path = [sectionOf[kind], key];
  try {
    const id = parseId(key);
    const known = findComponent(kind, id.type, entries);
    if (known === undefined) {
      const message = unknownType(kind, id.type, id.text, entries);
      findings.issues.push({ at: entry.at, path: [sectionOf[kind]], message });
      return undefined;
    }
    if (known.type !== id.type) {
      const [old, now] = [JSON.stringify(id.type), JSON.stringify(known.type)];
      const message = `${old} alias is deprecated; use ${now} instead`;
      findings.warnings.push({ at: entry.at, path, message });
    }
    const other = healthSubstitute(known, entry.value, entries, findings.gates);
    const { factory } = await (other?.entry ?? known).load();
    const given = other?.value ?? entry.value;
    const value = withGateDefaults(given, kind, factory.type, findings.gates);
    const decoded = decode(value, factory.config, path);
    findings.warnings.push(...deprecations(value, factory.config, path));
    findings.warnings.push(...zeroedDefaults(value, factory.config, path));
    findings.warnings.push(...unusedKeys(value, factory.config, path));
    if (decoded.ok)
      findings.issues.push(...gateFaults(factory, decoded.value, value, path, findings));
    if (decoded.ok) return { kind, id: id.text, factory, config: decoded.value, at: entry.at };
    findings.issues.push(...decoded.issues);
    // Kept so that references to it are not reported as well.
    return { kind, id: id.text, factory, config: undefined, at: entry.at };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const mistake = error instanceof TypeError || error instanceof RangeError ? 'BUG: ' : '';
    const message = mistake + error.message;
    findings.issues.push({ at: entry.at, path: [sectionOf[kind]], message });
    return undefined;
  }
}

/** What a component may not be told as the gates are, each where it is written. */
function gateFaults(
  factory: Factory<unknown>,
  config: unknown,
  node: ConfNode,
  path: ConfPath,
  { gates }: Findings,
): ConfigIssue[] {
  const faults = factory.checkGates?.(config, gates) ?? [];
  return faults.map((fault) => ({
    at: positionAt(node, fault.path),
    path: [...path, ...fault.path],
    message: fault.message,
  }));
}

function unknownType(
  kind: Kind,
  type: string,
  id: string,
  entries: readonly RegistryEntry[],
): string {
  if (kind === 'exporter' && type === 'logging') {
    return 'the logging exporter has been deprecated, use the debug exporter instead';
  }
  const valid = typesOf(kind, entries);
  const aliases = entries.filter((e) => e.kind === kind).flatMap((e) => e.aliases);
  const hint = didYouMean(type, [...valid, ...aliases]);
  const list = `(valid values: [${valid.join(' ')}])`;
  return `unknown type: ${JSON.stringify(type)} for id: ${JSON.stringify(id)}${hint} ${list}`;
}
