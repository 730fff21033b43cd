/**
 * Children that seem to run outside their parents because their hosts' clocks differ: moved into
 * the parent's time where that is allowed, else marked. The rule is Jaeger's: a child on another
 * host (host.id, host.ip, host.name; unknown hosts always differ) that does not fit is centred in
 * its parent, one that outlasts it only must not start before.
 */
import { Pace, type Steps } from '../../storage/steps.ts';
import type { AttributeValue, StoredResource } from '../../storage/traces/model.ts';
import { formatGoDuration } from './go-duration.ts';
import type { ViewSpan } from './view.ts';

/** What is done to times that cannot be. */
export interface SkewOptions {
  /** Largest clock skew that is mended; 0 only marks it. */
  readonly maxClockSkewNs: bigint;
  /** Text for a span whose parent is not stored, `%s` being the parent's id. */
  readonly missingParentText: string;
}

interface Node {
  readonly span: ViewSpan;
  readonly host: string;
  readonly children: Node[];
}

interface Pending {
  readonly node: Node;
  readonly parent: Node | undefined;
  /** Of the parent. */
  readonly skew: Skew;
}

interface Skew {
  readonly host: string;
  readonly deltaNs: bigint;
}

function text(value: AttributeValue | undefined): string {
  if (value?.type === 'string') return value.value;
  if (value?.type === 'array') return text(value.value[0]);
  return '';
}

function hostOf(resource: StoredResource): string {
  for (const key of ['host.id', 'host.ip', 'ip', 'host.name']) {
    const found = resource.attributes.find((a) => a.key === key);
    if (found !== undefined) return text(found.value);
  }
  return '';
}

/** Changes times and warnings of `spans`. */
export function* correctClockSkew(
  spans: readonly ViewSpan[],
  options: SkewOptions,
): Steps<undefined> {
  const pace = new Pace();
  const pending: Pending[] = [];
  const nodes = yield* nodesOf(spans, pace);
  for (const node of nodes.values()) {
    if (pace.due()) yield;
    const parent = nodes.get(node.span.parentSpanId);
    if (parent !== undefined && parent !== node) {
      parent.children.push(node);
      continue;
    }
    if (node.span.parentSpanId !== '') {
      const warning = options.missingParentText.replace('%s', node.span.parentSpanId);
      node.span.warnings.push(warning);
    }
    pending.push({ node, parent: undefined, skew: { host: node.host, deltaNs: 0n } });
  }
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, parent } = next;
    const foreign = node.host === '' || node.host !== next.skew.host;
    const skew =
      parent !== undefined && foreign
        ? { host: node.host, deltaNs: skewOf(node.span, parent.span) }
        : next.skew;
    shift(node.span, skew.deltaNs, options.maxClockSkewNs);
    for (const child of node.children) pending.push({ node: child, parent: node, skew });
    if (pace.due(1 + node.span.events.length)) yield;
  }
}

/** The first span of each id; the others are told that they are left alone. */
function* nodesOf(spans: readonly ViewSpan[], pace: Pace): Steps<Map<string, Node>> {
  const hosts = new Map<StoredResource, string>();
  const nodes = new Map<string, Node>();
  for (const span of spans) {
    if (pace.due()) yield;
    if (nodes.has(span.spanId)) {
      span.warnings.push('duplicate span IDs; skipping clock skew adjustment');
      continue;
    }
    let host = hosts.get(span.resource);
    if (host === undefined) hosts.set(span.resource, (host = hostOf(span.resource)));
    nodes.set(span.spanId, { span, host, children: [] });
  }
  return nodes;
}

function skewOf(child: ViewSpan, parent: ViewSpan): bigint {
  const parentNs = parent.endUnixNano - parent.startUnixNano;
  const childNs = child.endUnixNano - child.startUnixNano;
  const before = child.startUnixNano < parent.startUnixNano;
  if (childNs > parentNs) return before ? parent.startUnixNano - child.startUnixNano : 0n;
  if (!before && child.endUnixNano <= parent.endUnixNano) return 0n;
  return parent.startUnixNano + (parentNs - childNs) / 2n - child.startUnixNano;
}

function shift(span: ViewSpan, deltaNs: bigint, maxNs: bigint): void {
  if (deltaNs === 0n) return;
  const delta = formatGoDuration(deltaNs);
  if ((deltaNs < 0n ? -deltaNs : deltaNs) > maxNs) {
    span.warnings.push(
      maxNs === 0n
        ? `clock skew adjustment disabled; not applying calculated delta of ${delta}`
        : `max clock skew adjustment delta of ${formatGoDuration(maxNs)} exceeded; ` +
            `not applying calculated delta of ${delta}`,
    );
    return;
  }
  span.startUnixNano += deltaNs;
  span.endUnixNano += deltaNs;
  span.warnings.push(`This span's timestamps were adjusted by ${delta}`);
  span.events = span.events.map((e) => ({ ...e, timeUnixNano: e.timeUnixNano + deltaNs }));
}
