import { compileRegexp, type GoRegexp } from '../../pdata/regexp/index.ts';
import type { Config, FieldConfig, Origin } from './config.ts';
import type { Gates } from './gates.ts';
import { defaultMetadata } from './metadata-fields.ts';

/** A label or annotation, or several, that become attributes. */
export interface FieldRule {
  /** Attribute, or a template of it; '' = made of the key. */
  readonly name: string;
  readonly key: string;
  /** Matches whole keys; undefined = `key` counts. */
  readonly pattern: GoRegexp | undefined;
  /** Whether the pattern has groups that the name may refer to. */
  readonly hasGroups: boolean;
  readonly from: Origin;
}

/** Everything that decides what is taken from objects of the cluster. */
export interface Rules {
  /** Attributes of `extract::metadata`. */
  readonly wanted: ReadonlySet<string>;
  readonly labels: readonly FieldRule[];
  readonly annotations: readonly FieldRule[];
  readonly deploymentFromReplicaSet: boolean;
  readonly excluded: readonly GoRegexp[];
  readonly gates: Gates;
}

const ownerAttribute =
  /^(k8s\.(cronjob|deployment|daemonset|job|replicaset|statefulset)\.|service\.name$)/;
const containerAttribute = /^(container\.|k8s\.container\.name$|service\.(version|instance\.id)$)/;

function anyMatches(rules: Rules, pattern: RegExp): boolean {
  for (const name of rules.wanted) if (pattern.test(name)) return true;
  return false;
}

/** Whether owners of pods count. */
export function needsOwners(rules: Rules): boolean {
  return anyMatches(rules, ownerAttribute);
}

/** Whether containers of pods count. */
export function needsContainers(rules: Rules): boolean {
  return anyMatches(rules, containerAttribute);
}

/** Whether labels or annotations of such objects are taken. */
export function takesFieldsOf(rules: Rules, origin: Origin): boolean {
  const from = (rule: FieldRule) => rule.from === origin;
  return rules.labels.some(from) || rules.annotations.some(from);
}

/** Whether ReplicaSets have to be known: for the deployment behind a pod. */
export function needsReplicaSets(rules: Rules): boolean {
  const { wanted, deploymentFromReplicaSet } = rules;
  if (wanted.has('k8s.deployment.uid') || takesFieldsOf(rules, 'deployment')) return true;
  return wanted.has('k8s.deployment.name') && !deploymentFromReplicaSet;
}

/** Whether Jobs have to be known. */
export function needsJobs(rules: Rules): boolean {
  return rules.wanted.has('k8s.cronjob.uid') || takesFieldsOf(rules, 'job');
}

/** Whether Nodes have to be known. */
export function needsNodes(rules: Rules): boolean {
  return rules.wanted.has('k8s.node.uid') || takesFieldsOf(rules, 'node');
}

/** Which namespaces have to be known. */
export function neededNamespaces(rules: Rules): 'all' | 'kube-system' | 'none' {
  if (takesFieldsOf(rules, 'namespace')) return 'all';
  return rules.wanted.has('k8s.cluster.uid') ? 'kube-system' : 'none';
}

function fieldRule({ tag_name: name, key, key_regex: regex, from }: FieldConfig): FieldRule {
  const pattern = regex === '' ? undefined : compileRegexp(`^(?:${regex})$`);
  const hasGroups = pattern !== undefined && pattern.groupNames.length > 0;
  return { name, key, pattern, hasGroups, from: (from === '' ? 'pod' : from) as Origin };
}

function otelAnnotations(): FieldRule {
  const pattern = compileRegexp('^resource\\.opentelemetry\\.io/(.+)$');
  return { name: '$1', key: '', pattern, hasGroups: true, from: 'pod' };
}

function excludedPods(given: Config): readonly GoRegexp[] {
  const names = given.exclude.pods.map(({ name }) => name);
  const patterns = names.length > 0 ? names : ['jaeger-agent', 'jaeger-collector'];
  return patterns.map((pattern) => {
    try {
      return compileRegexp(pattern);
    } catch (error) {
      throw new Error(
        `exclude::pods: cannot use name ${JSON.stringify(pattern)}: ${(error as Error).message}`,
      );
    }
  });
}

/**
 * What a configuration asks for.
 * @throws Error for an excluded name that is no regular expression
 */
export function rulesOf(given: Config, gates: Gates): Rules {
  const { extract } = given;
  const wanted = new Set(extract.metadata);
  const isDefault =
    wanted.size === defaultMetadata.length && defaultMetadata.every((name) => wanted.has(name));
  if (isDefault && gates.stable) wanted.add('container.image.tags');
  const annotations = extract.annotations.map(fieldRule);
  if (extract.otel_annotations) annotations.push(otelAnnotations());
  return {
    wanted,
    labels: extract.labels.map(fieldRule),
    annotations,
    deploymentFromReplicaSet: extract.deployment_name_from_replicaset,
    excluded: excludedPods(given),
    gates,
  };
}
