import type {
  SpanSource,
  TraceMap,
  TraceOutline,
  TraceService,
  TraceWarning,
} from '../contract/trace.ts';
import { type Layout, markBits, sources } from './layout.ts';

/** Rows of the small picture. */
const mapRows = 2_000;

/** What an outline says beside the layout. */
export interface OutlineFacts {
  readonly traceId: string;
  readonly ids: readonly string[];
  readonly version: string;
  readonly truncated: boolean;
  readonly adjusted: boolean;
  readonly nowUnixNano: string;
  /** Span id that is looked for, '' = none. */
  readonly focus: string;
}

/** Sums over all rows; those that stand for missing parents count as no span. */
export function outlineOf(layout: Layout, facts: OutlineFacts): TraceOutline {
  const { count, missing, status, depth, root, critical } = layout;
  const { focus, ...said } = facts;
  let [spanCount, errorCount, deepest] = [0, 0, 0];
  const counts: Record<SpanSource, number> = { application: 0, system_call: 0, network: 0 };
  for (let i = 0; i < count; i++) {
    deepest = Math.max(deepest, depth[i]! + 1);
    if (missing[i] === 1) continue;
    spanCount += 1;
    if (status[i] === 2) errorCount += 1;
    counts[sources[layout.source[i]!]!] += 1;
  }
  const at = focus === '' ? -1 : layout.spanIds.indexOf(focus);
  return {
    ...said,
    startUnixNano: `${layout.originNs}`,
    durationNs: layout.durationNs,
    spanCount,
    errorCount,
    rowCount: count,
    depth: deepest,
    root:
      root === -1
        ? null
        : { index: root, service: layout.service[root]!, name: layout.texts[layout.name[root]!]! },
    services: servicesOf(layout),
    sources: counts,
    warnings: warningsOf(layout),
    critical:
      root === -1
        ? null
        : {
            index: root,
            durationNs: layout.endNs[root]! - layout.startNs[root]!,
            spans: new Set(critical.row).size,
          },
    map: mapOf(layout),
    focus: at === -1 ? null : at,
  };
}

/** In the order of their numbers. */
function servicesOf(layout: Layout): TraceService[] {
  const found = layout.services.map((name) => {
    return { name, spans: 0, errors: 0, selfNs: 0, criticalNs: 0 };
  });
  for (let i = 0; i < layout.count; i++) {
    const service = found[layout.service[i]!];
    if (service === undefined) continue;
    service.spans += 1;
    if (layout.status[i] === 2) service.errors += 1;
    service.selfNs += layout.selfNs[i]!;
    service.criticalNs += layout.criticalNs[i]!;
  }
  return found;
}

function warningsOf(layout: Layout): TraceWarning[] {
  const { count, marks, missing, parent, copies } = layout;
  const found = new Map<TraceWarning['kind'], { count: number; first: number | null }>();
  const add = (kind: TraceWarning['kind'], row: number): void => {
    const known = found.get(kind);
    if (known === undefined) found.set(kind, { count: 1, first: row });
    else known.count += 1;
  };
  let roots = 0;
  for (let i = 0; i < count; i++) {
    if (missing[i] === 1) add('missing_parent', i);
    else if (parent[i] === -1) roots += 1;
    if (marks[i] === 0) continue;
    for (const [kind, bit] of Object.entries(markBits)) {
      if ((marks[i]! & bit) !== 0) add(kind as keyof typeof markBits, i);
    }
  }
  if (roots > 1) found.set('several_roots', { count: roots, first: null });
  if (copies > 0) found.set('copies', { count: copies, first: null });
  return [...found].map(([kind, { count: n, first }]) => ({ kind, count: n, first }));
}

function mapOf({ count, startNs, endNs, service, status, marks }: Layout): TraceMap {
  const step = Math.max(1, count / mapRows);
  const rows: number[] = [];
  const error: (0 | 1)[] = [];
  for (let from = 0, k = 1; from < count; k++) {
    const to = Math.min(count, Math.max(from + 1, Math.floor(k * step)));
    let longest = -1;
    let failed: 0 | 1 = 0;
    for (let i = from; i < to; i++) {
      if ((marks[i]! & markBits.off_axis) !== 0) continue;
      if (status[i] === 2) failed = 1;
      const known =
        longest !== -1 && endNs[i]! - startNs[i]! <= endNs[longest]! - startNs[longest]!;
      if (!known) longest = i;
    }
    if (longest !== -1) {
      rows.push(longest);
      error.push(failed);
    }
    from = to;
  }
  return {
    startNs: rows.map((i) => startNs[i]!),
    durationNs: rows.map((i) => endNs[i]! - startNs[i]!),
    service: rows.map((i) => service[i]!),
    error,
  };
}
