import type { TraceOperation } from '../contract/trace.ts';
import type { Layout } from './layout.ts';

/** Operations that the table has at most. */
const mostOperations = 5_000;

/** Spans by service and name, most self time first. */
export function operationsOf(layout: Layout): {
  operations: TraceOperation[];
  truncated: boolean;
} {
  const groups = new Map<number, number[]>();
  const names = layout.texts.length;
  for (let i = 0; i < layout.count; i++) {
    if (layout.missing[i] === 1) continue;
    const key = layout.service[i]! * names + layout.name[i]!;
    const rows = groups.get(key);
    if (rows === undefined) groups.set(key, [i]);
    else rows.push(i);
  }
  const all = Array.from(groups.values(), (rows) => operationOf(layout, rows));
  all.sort((a, b) => b.selfNs - a.selfNs);
  return { operations: all.slice(0, mostOperations), truncated: all.length > mostOperations };
}

function operationOf(layout: Layout, rows: readonly number[]): TraceOperation {
  const { startNs, endNs, status, selfNs, criticalNs } = layout;
  const durations = Float64Array.from(rows, (i) => endNs[i]! - startNs[i]!).sort();
  const sum = (values: Float64Array): number => rows.reduce((all, i) => all + values[i]!, 0);
  const first = rows[0]!;
  return {
    service: layout.service[first]!,
    name: layout.texts[layout.name[first]!]!,
    count: rows.length,
    errors: rows.filter((i) => status[i] === 2).length,
    totalNs: durations.reduce((all, ns) => all + ns, 0),
    minNs: durations[0]!,
    maxNs: durations.at(-1)!,
    medianNs: durations[(durations.length - 1) >> 1]!,
    selfNs: sum(selfNs),
    criticalNs: sum(criticalNs),
  };
}
