import type { ConfigCheck, ConfigRemark, GraphInfo } from '../../../component/insight.ts';
import { loadConfig } from '../../../config/confmap/index.ts';
import { ConfigError, type ConfigIssue, formatIssue } from '../../../config/schema/issue.ts';
import { type ConfPath, type MapNode, nodeAt } from '../../../config/schema/node.ts';
import { type RegistryEntry, registry } from '../../components.ts';
import type { FeatureGates } from '../../config/gates.ts';
import type { ProgramConfig } from '../../config/program.ts';
import { resolveConfig } from '../../config/resolve.ts';
import { planNodes } from '../../graph/plan.ts';
import { graphInfo } from '../graph-info.ts';
import { without } from './prune.ts';
import { blindProviders, isUnknown, showReferences } from './references.ts';

/** Name of the text in positions. */
const name = 'text';

/** Times that values which are not known are left out to see what else is wrong. */
const maxRounds = 8;

/** What a remark says, at most. */
const maxMessage = 1000;

/** Remarks of each kind, at most. */
const maxRemarks = 500;

/**
 * Checks a configuration text as `validate` does, but follows no reference: variables, files and
 * addresses are placeholders, and what hangs on their values is not checked.
 */
export async function checkText(
  text: string,
  gates: FeatureGates,
  entries: readonly RegistryEntry[] = registry,
): Promise<ConfigCheck> {
  const found: Findings = { faults: [], warnings: [], unchecked: [] };
  const graph = await check(text, gates, entries, found).catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    found.faults.push(...error.issues);
    return undefined;
  });
  return {
    faults: remarks(found.faults),
    warnings: remarks(found.warnings),
    unchecked: remarks(found.unchecked),
    graph: found.faults.length === 0 ? graph : undefined,
  };
}

interface Findings {
  faults: ConfigIssue[];
  warnings: ConfigIssue[];
  readonly unchecked: ConfigIssue[];
}

async function check(
  text: string,
  gates: FeatureGates,
  entries: readonly RegistryEntry[],
  found: Findings,
): Promise<GraphInfo | undefined> {
  const appendLists = gates.enabled('confmap.enableMergeAppendOption');
  const loaded = await loadConfig(['page:'], blindProviders(text, name), { appendLists });
  let { root } = loaded;
  let first: ReadonlySet<string> | undefined;
  let read: ProgramConfig | undefined;
  const options = {
    read: (config: ProgramConfig) => {
      read = config;
    },
  };
  for (let round = 0; round < maxRounds; round++) {
    try {
      const { warnings } = await resolveConfig(root, entries, gates, options);
      found.warnings = [...warnings];
      break;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const known = error.issues.filter((issue) => !hangsOnUnknown(issue, root));
      const unknown = error.issues.filter((issue) => hangsOnUnknown(issue, root));
      for (const issue of unknown) found.unchecked.push(unknownValue(issue));
      const next = without(root, unknown);
      first ??= new Set(known.map(formatIssue));
      const isNew = (issue: ConfigIssue) => first?.has(formatIssue(issue)) === false;
      found.faults = known.filter((issue) => {
        if (hangsOnSection(issue, found.unchecked)) return false;
        return !isNew(issue) || !isAround(issue, found.unchecked);
      });
      if (next === root) break;
      root = next;
    }
  }
  return read !== undefined && isWhole(read) ? drawn(read) : undefined;
}

function drawn(config: ProgramConfig): GraphInfo {
  return graphInfo(planNodes(config), config.pipelines);
}

/** Whether everything that pipelines and extensions name is there. */
function isWhole({ components, pipelines, extensions }: ProgramConfig): boolean {
  const { connector } = components;
  const there = (kind: 'receiver' | 'processor' | 'exporter', ids: readonly string[]) =>
    ids.every((id) => components[kind].has(id) || (kind !== 'processor' && connector.has(id)));
  return (
    extensions.every((id) => components.extension.has(id)) &&
    pipelines.every(
      ({ receivers, processors, exporters }) =>
        there('receiver', receivers) &&
        there('processor', processors) &&
        there('exporter', exporters),
    )
  );
}

/** Whether the value at fault, or its key, is not known here. */
function hangsOnUnknown(issue: ConfigIssue, root: MapNode): boolean {
  if (isUnknown(issue.message)) return true;
  const node = nodeAt(root, issue.path);
  return node?.kind === 'scalar' && typeof node.value === 'string' && isUnknown(node.value);
}

function unknownValue(issue: ConfigIssue): ConfigIssue {
  const message = 'not checked: its value is known only where the program is started';
  return { ...issue, message };
}

/** Whether a fault that came up when values were left out may come from that. */
function isAround({ path }: ConfigIssue, pruned: readonly ConfigIssue[]): boolean {
  return path.length > 1 && pruned.some((other) => startsWith(other.path, path));
}

/** Whether a fault may come from a whole section or component that is not known. */
function hangsOnSection({ message }: ConfigIssue, pruned: readonly ConfigIssue[]): boolean {
  if (!pruned.some(({ path }) => path.length <= 2)) return false;
  return /which is not configured|must have at least one|no .* configuration/.test(message);
}

function startsWith(path: ConfPath, start: ConfPath): boolean {
  return start.every((step, i) => path[i] === step);
}

function remarks(issues: readonly ConfigIssue[]): ConfigRemark[] {
  const seen = new Map<string, ConfigRemark>();
  for (const { at, path, message } of issues) {
    const shown = showReferences(message);
    const suggestion = /\(did you mean "([^"]*)"\?\)/.exec(shown)?.[1] ?? '';
    const remark = {
      line: at?.file === name ? at.line : 1,
      column: at?.file === name ? at.column : 1,
      path: showReferences(path.join('::')),
      message: shown.length > maxMessage ? `${shown.slice(0, maxMessage)}…` : shown,
      suggestion,
    };
    if (seen.size < maxRemarks) seen.set(JSON.stringify(remark), remark);
  }
  return [...seen.values()];
}
