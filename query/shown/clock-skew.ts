/**
 * Children that seem to run outside their parents because their hosts' clocks differ: moved into
 * the parent's time where that is allowed, else marked. The rule is Jaeger's: a child on another
 * host (host.id, host.ip, host.name; unknown hosts always differ) that does not fit is centred in
 * its parent, one that outlasts it only must not start before.
 */
import type { AttributeValue, StoredResource } from '../../storage/traces/model.ts';
import { formatGoDuration } from './go-duration.ts';
import type { ViewSpan } from './view.ts';

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
export function correctClockSkew(spans: readonly ViewSpan[], options: SkewOptions): void {
  const nodes = new Map<string, Node>();
  for (const span of spans) {
    if (nodes.has(span.spanId)) {
      span.warnings.push('duplicate span IDs; skipping clock skew adjustment');
    } else {
      nodes.set(span.spanId, { span, host: hostOf(span.resource), children: [] });
    }
  }
  const pending: { node: Node; parent: Node | undefined; skew: Skew }[] = [];
  for (const node of nodes.values()) {
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
  }
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
