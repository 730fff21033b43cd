import { type Rule, rules, type TraceJoin } from './span.ts';
import { DisjointSets } from './union.ts';
import type { Work } from './work.ts';

const strength = new Map(rules.map((rule, i) => [rule, i]));

/**
 * Which traces are parts of which: every trace id that links connect is joined to one of them, the
 * one of the earliest root. The rule is the strongest of the links that lead out of the part.
 */
export function findJoins(work: Work): TraceJoin[] {
  const numbers = new Map<string, number>();
  for (const i of work.order) {
    const { traceId } = work.spans[i]!;
    if (!numbers.has(traceId)) numbers.set(traceId, numbers.size);
  }
  const sets = new DisjointSets(numbers.size);
  const ruleOf = new Map<string, Rule>();
  const note = (trace: string, rule: Rule): void => {
    const known = ruleOf.get(trace);
    if (known === undefined || strength.get(rule)! < strength.get(known)!) ruleOf.set(trace, rule);
  };
  for (const i of work.order) {
    const parent = work.parent[i]!;
    const rule = work.rule[i];
    if (parent === -1 || rule === undefined) continue;
    const own = work.spans[i]!.traceId;
    const other = work.spans[parent]!.traceId;
    if (own === other) continue;
    sets.join(numbers.get(own)!, numbers.get(other)!);
    note(own, rule);
  }
  const roots = rootTraces(work, numbers, sets);
  const joins: TraceJoin[] = [];
  for (const [from, n] of numbers) {
    const to = roots.get(sets.find(n));
    if (to === undefined || to === from) continue;
    joins.push({ from, to, rule: ruleOf.get(from) ?? 'span_id' });
  }
  return joins;
}

/** By set of traces, the trace of the earliest span that links lead to. */
function rootTraces(
  work: Work,
  numbers: ReadonlyMap<string, number>,
  sets: DisjointSets,
): Map<number, string> {
  const hasChild = new Uint8Array(work.spans.length);
  for (const i of work.order) if (work.parent[i] !== -1) hasChild[work.parent[i]!] = 1;
  const roots = new Map<number, string>();
  for (const i of work.order) {
    if (work.parent[i] !== -1 || hasChild[i] === 0) continue;
    const { traceId } = work.spans[i]!;
    const set = sets.find(numbers.get(traceId)!);
    if (!roots.has(set)) roots.set(set, traceId);
  }
  return roots;
}
