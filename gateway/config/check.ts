import type { Kind } from '../../component/factory.ts';
import { parseId } from '../../config/schema/id.ts';
import type { ConfigIssue } from '../../config/schema/issue.ts';
import { type ConfPath, type MapNode, positionAt } from '../../config/schema/node.ts';
import { didYouMean } from '../../config/schema/suggest.ts';
import { checkConnectors } from './connectors.ts';
import type { FeatureGates } from './gates.ts';
import type { ComponentTable, PipelineConfig } from './program.ts';
import { sectionOf } from './sections.ts';

/** A configuration whose ids are to be checked against each other. */
export interface CheckScope {
  readonly root: MapNode;
  readonly components: ComponentTable;
  readonly pipelines: readonly PipelineConfig[];
  readonly extensions: readonly string[];
  readonly gates: FeatureGates;
}

/** Checks what no single component can: references, duplicates, signals, connectors, cycles. */
export function checkReferences(scope: CheckScope, issues: ConfigIssue[]): void {
  const { components, pipelines, root } = scope;
  const report = (path: ConfPath, message: string, shown: ConfPath = path) =>
    issues.push({ at: positionAt(root, path), path: shown, message });
  const noPipelines = scope.gates.enabled('service.AllowNoPipelines');
  if (Object.values(sectionOf).every((section) => isAbsent(root, section))) {
    report([], 'empty configuration file: no component is configured');
  } else if (!noPipelines) {
    for (const kind of ['receiver', 'exporter'] as const) {
      if (isAbsent(root, sectionOf[kind]))
        report([], `no ${kind} configuration specified in config`);
    }
  }
  checkAmbiguity(components, report);
  scope.extensions.forEach((id, i) => {
    const path = ['service', 'extensions', i];
    const wrong = idFault(id);
    if (wrong !== undefined) {
      report(path, wrong);
    } else if (!components.extension.has(id) && !isWritten(root, 'extension', id)) {
      const hint = didYouMean(id, components.extension.keys());
      const message = `references extension ${JSON.stringify(id)} which is not configured${hint}`;
      report(path, message, path.slice(0, 2));
    }
  });
  if (!noPipelines && pipelines.length === 0 && !hasPipelines(root)) {
    report(['service', 'pipelines'], 'service must have at least one pipeline');
  }
  checkExtensions(scope, report);
  for (const pipeline of pipelines) {
    checkPipeline(pipeline, scope, report);
    checkParts(pipeline, scope, report);
  }
  checkConnectors(components, pipelines, issues);
}

const profilesGate = 'service.profilesSupport';

type Report = (path: ConfPath, message: string, shown?: ConfPath) => void;

function isAbsent(root: MapNode, section: string): boolean {
  const value = root.entries.get(section)?.value;
  return value === undefined || value.kind !== 'map' || value.entries.size === 0;
}

/** Whether the section of a kind has this key. */
function isWritten(root: MapNode, kind: Kind, id: string): boolean {
  const section = root.entries.get(sectionOf[kind])?.value;
  return section?.kind === 'map' && section.entries.has(id);
}

function hasPipelines(root: MapNode): boolean {
  const service = root.entries.get('service')?.value;
  const pipelines = service?.kind === 'map' ? service.entries.get('pipelines')?.value : undefined;
  return pipelines?.kind === 'map' && pipelines.entries.size > 0;
}

function checkAmbiguity(components: ComponentTable, report: Report): void {
  for (const id of components.connector.keys()) {
    for (const kind of ['exporter', 'receiver'] as const) {
      if (!components[kind].has(id)) continue;
      const [q, other] = [JSON.stringify(id), JSON.stringify(`${id}/connector`)];
      const found = `ambiguous ID: Found both ${q} ${kind} and ${q} connector. `;
      const advice = `Change one of the components' IDs to eliminate ambiguity`;
      const example = ` (e.g. rename ${q} connector to ${other})`;
      report(['connectors', id], found + advice + example);
    }
  }
}

function checkPipeline(pipeline: PipelineConfig, scope: CheckScope, report: Report): void {
  const shown = ['service', 'pipelines', pipeline.id];
  // The key may be written with spaces around its parts: positions need it as written.
  const key = writtenKey(scope.root, pipeline);
  const base = ['service', 'pipelines', key];
  if (pipeline.signal === 'profiles' && !scope.gates.enabled(profilesGate)) {
    const what = `pipeline ${JSON.stringify(pipeline.id)}: profiling signal support is at alpha level`;
    report(base, `${what}, gated under the "${profilesGate}" feature gate`, shown);
  }
  if (pipeline.receivers.length === 0) report(base, 'must have at least one receiver', shown);
  if (pipeline.exporters.length === 0) report(base, 'must have at least one exporter', shown);
  for (const kind of ['receiver', 'processor', 'exporter'] as const) {
    const list = pipeline[sectionOf[kind]];
    list.forEach((id, i) => {
      const wrong = idFault(id);
      if (wrong !== undefined) {
        report([...base, sectionOf[kind], i], wrong, [...shown, sectionOf[kind], i]);
        return;
      }
      const again = kind === 'processor' && list.indexOf(id) < i;
      const fault = again
        ? `references ${kind} ${JSON.stringify(id)} multiple times`
        : checkUse(kind, id, pipeline, scope);
      if (fault !== undefined) report([...base, sectionOf[kind], i], fault, shown);
    });
  }
}

/** What is wrong with a reference before it is looked up, if anything. */
function idFault(id: string): string | undefined {
  try {
    parseId(id);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function writtenKey(root: MapNode, pipeline: PipelineConfig): string {
  const service = root.entries.get('service')?.value;
  const node = service?.kind === 'map' ? service.entries.get('pipelines')?.value : undefined;
  if (node?.kind !== 'map') return pipeline.id;
  for (const [key, entry] of node.entries) if (entry.at === pipeline.at) return key;
  return pipeline.id;
}

/** What is wrong with naming `id` as a `kind` in a pipeline, if anything. */
function checkUse(
  kind: 'receiver' | 'processor' | 'exporter',
  id: string,
  pipeline: PipelineConfig,
  { components, root }: CheckScope,
): string | undefined {
  const tables: Kind[] = kind === 'processor' ? [kind] : [kind, 'connector'];
  const found = tables.map((k) => components[k].get(id)).find((c) => c !== undefined);
  if (found === undefined) {
    if (tables.some((k) => isWritten(root, k, id))) return undefined; // its own fault is reported
    const candidates = tables.flatMap((k) => [...components[k].keys()]);
    const hint = didYouMean(id, candidates);
    return `references ${kind} ${JSON.stringify(id)} which is not configured${hint}`;
  }
  if (found.kind !== 'connector' && found.factory.stability[pipeline.signal] === undefined) {
    const able = Object.keys(found.factory.stability).join(', ');
    const what = `${kind} ${JSON.stringify(id)}`;
    return `references ${what} which does not support ${pipeline.signal} (only ${able})`;
  }
  return undefined;
}

/** What the factories of extensions find wrong with their configurations. */
function checkExtensions({ components }: CheckScope, report: Report): void {
  for (const [id, { factory, config }] of components.extension) {
    if (factory.kind !== 'extension' || config === undefined) continue;
    try {
      factory.check?.(config);
    } catch (error) {
      report([sectionOf.extension, id], (error as Error).message);
    }
  }
}

/** What the factories of a pipeline's processors and exporters find wrong with their configurations. */
function checkParts(pipeline: PipelineConfig, { components }: CheckScope, report: Report): void {
  const check = (kind: 'processor' | 'exporter', ids: readonly string[]) => {
    for (const id of new Set(ids)) {
      const { factory, config } = components[kind].get(id) ?? {};
      // Without a configuration its own faults are reported.
      if (factory === undefined || config === undefined) continue;
      if (factory.kind !== 'processor' && factory.kind !== 'exporter') continue;
      if (factory.stability[pipeline.signal] === undefined) continue;
      try {
        factory.check?.(pipeline.signal, config);
      } catch (error) {
        report([sectionOf[kind], id], (error as Error).message);
      }
    }
  };
  check('processor', pipeline.processors);
  check('exporter', pipeline.exporters);
}
