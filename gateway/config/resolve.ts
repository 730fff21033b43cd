import { type Signal, signals } from '../../component/signals.ts';
import { decode } from '../../config/schema/decode.ts';
import { parseId } from '../../config/schema/id.ts';
import { ConfigError, type ConfigIssue } from '../../config/schema/issue.ts';
import {
  type ConfNode,
  type ConfPath,
  type MapNode,
  positionAt,
} from '../../config/schema/node.ts';
import { didYouMean } from '../../config/schema/suggest.ts';
import { type RegistryEntry, registry } from '../components.ts';
import { checkReferences } from './check.ts';
import { FeatureGates } from './gates.ts';
import type { ComponentTable, PipelineConfig, ProgramConfig } from './program.ts';
import { type Findings, readComponents, sectionOf } from './sections.ts';
import { type ServiceSection, serviceSchema, serviceWarnings } from './service.ts';

/** A checked configuration and what deserves a warning. */
export interface Resolved {
  readonly config: ProgramConfig;
  readonly warnings: readonly ConfigIssue[];
}

const topLevel: readonly string[] = [...Object.values(sectionOf), 'service'];

/**
 * Checks a loaded configuration against the registry.
 * @param options `references: false` leaves out what no single component can check; `read` is told
 *   of what could be read, with components without a configuration, before faults are thrown
 * @throws ConfigError with every fault found
 */
export async function resolveConfig(
  root: MapNode,
  entries: readonly RegistryEntry[] = registry,
  gates: FeatureGates = new FeatureGates(),
  options: { readonly references?: boolean; read?(config: ProgramConfig): void } = {},
): Promise<Resolved> {
  const findings: Findings = { issues: [], warnings: [], gates };
  if (root.entries.size === 0) throw fault(root, [], 'empty configuration file');
  for (const [key, entry] of root.entries) {
    if (topLevel.includes(key)) continue;
    const message = `unknown key ${JSON.stringify(key)}${didYouMean(key, topLevel)}`;
    findings.issues.push({ at: entry.at, path: [], message });
  }
  const read = (kind: keyof typeof sectionOf) => readComponents(root, kind, entries, findings);
  const [receiver, processor, exporter, connector, extension] = await Promise.all([
    read('receiver'),
    read('processor'),
    read('exporter'),
    read('connector'),
    read('extension'),
  ]);
  const components: ComponentTable = { receiver, processor, exporter, connector, extension };
  const service = readService(root, findings);
  const pipelines = service === undefined ? [] : readPipelines(service, findings);
  if (service !== undefined) {
    const named = service.section.extensions.map(trimId);
    const scope = { root, components, pipelines, extensions: named, gates };
    if (options.references !== false) checkReferences(scope, findings.issues);
    const { telemetry } = service.section;
    const config = { components, pipelines, telemetry, extensions: unique(named) };
    options.read?.(config);
    if (findings.issues.length === 0) return { config, warnings: findings.warnings };
  }
  if (findings.issues.length === 0) throw new Error('BUG: no service section and no fault');
  throw new ConfigError(inOrder(findings.issues));
}

/** By place in the sources; sources in the order in which they show up. */
function inOrder(issues: readonly ConfigIssue[]): ConfigIssue[] {
  const files = [...new Set(issues.map((issue) => issue.at?.file))];
  const rank = ({ at }: ConfigIssue) => [files.indexOf(at?.file), at?.line ?? 0, at?.column ?? 0];
  return issues.toSorted((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x[0]! - y[0]! || x[1]! - y[1]! || x[2]! - y[2]!;
  });
}

interface Service {
  readonly node: ConfNode;
  readonly section: ServiceSection;
}

function readService(root: MapNode, findings: Findings): Service | undefined {
  const node: ConfNode = root.entries.get('service')?.value ?? {
    kind: 'scalar',
    at: root.at,
    value: null,
  };
  const decoded = decode(node, serviceSchema, ['service']);
  findings.warnings.push(...serviceWarnings(node));
  if (decoded.ok) return { node, section: decoded.value };
  findings.issues.push(...decoded.issues);
  return undefined;
}

function readPipelines(service: Service, findings: Findings): PipelineConfig[] {
  const out: PipelineConfig[] = [];
  for (const [key, pipeline] of Object.entries(service.section.pipelines)) {
    const at = positionAt(service.node, ['pipelines', key]);
    const report = (message: string) =>
      findings.issues.push({ at, path: ['service', 'pipelines'], message });
    try {
      const id = parseId(key);
      if (!isSignal(id.type)) {
        const hint = didYouMean(id.type, signals);
        const what = `unknown pipeline signal: ${JSON.stringify(id.type)}${hint}`;
        report(`in ${JSON.stringify(key)} id: ${what}; signals are ${signals.join(', ')}`);
        continue;
      }
      if (out.some((other) => other.id === id.text)) {
        report(`duplicate name ${JSON.stringify(id.text)}`);
      }
      out.push({
        id: id.text,
        signal: id.type,
        receivers: unique(pipeline.receivers.map(trimId)),
        processors: pipeline.processors.map(trimId),
        exporters: unique(pipeline.exporters.map(trimId)),
        at,
      });
    } catch (error) {
      report(error instanceof Error ? error.message : String(error));
    }
  }
  return out;
}

/** A receiver, exporter or extension named twice is there once. */
function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}

function isSignal(text: string): text is Signal {
  return (signals as readonly string[]).includes(text);
}

/** An id as written in a reference, in its canonical form; a wrong one stays and is not found. */
function trimId(text: string): string {
  try {
    return parseId(text).text;
  } catch {
    return text;
  }
}

function fault(node: ConfNode, path: ConfPath, message: string): ConfigError {
  return new ConfigError([{ at: node.at, path, message }]);
}
