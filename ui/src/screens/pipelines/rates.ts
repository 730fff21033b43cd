/** Items per second from counters that are asked for again and again. */
import type { PipelinesState } from '../../../../query/web/contract/pipelines.ts';

/** Rates are taken over this time, where so much is known. */
const windowMs = 5000;

interface Reading {
  readonly atMs: number;
  /** Counters by key. */
  readonly values: ReadonlyMap<string, number>;
}

/** The newest readings, oldest first. */
export type Readings = readonly Reading[];

/** Key of an edge, and of a counter at it. */
export function edgeKey({ from, to }: { readonly from: string; readonly to: string }): string {
  return `${from}\n${to}`;
}

/** Key of what an edge refused. */
export function refusedKey(edge: { readonly from: string; readonly to: string }): string {
  return `refused\n${edgeKey(edge)}`;
}

/** Key of what a node dropped for a reason. */
export function droppedKey(name: string, reason: string): string {
  return `dropped\n${name}\n${reason}`;
}

/** Counters of a node: `out`, `in`, `delivered`. */
export function nodeKey(name: string, counter: 'in' | 'out' | 'delivered'): string {
  return `${counter}\n${name}`;
}

/** Readings with one more; those before a restart of the program, or too old, go. */
export function withState(readings: Readings, state: PipelinesState): Readings {
  const atMs = Number(BigInt(state.nowUnixNano) / 1_000_000n);
  const values = new Map<string, number>();
  for (const edge of state.edges) {
    values.set(edgeKey(edge), edge.items);
    const refused = edge.refused.reduce((sum, { items }) => sum + items, 0);
    values.set(refusedKey(edge), refused);
  }
  for (const node of state.nodes) {
    for (const counter of ['in', 'out', 'delivered'] as const) {
      values.set(nodeKey(node.name, counter), node[counter]);
    }
    for (const { reason, items } of node.dropped) values.set(droppedKey(node.name, reason), items);
  }
  const last = readings.at(-1);
  const isFresh = last !== undefined && last.atMs < atMs && !fellBack(last.values, values);
  if (!isFresh) return last !== undefined && last.atMs === atMs ? readings : [{ atMs, values }];
  // One that is older than the window stays: its beginning is known by it.
  const inWindow = readings.findIndex((one) => one.atMs > atMs - windowMs);
  const kept = inWindow < 0 ? readings.slice(-1) : readings.slice(Math.max(0, inWindow - 1));
  return [...kept, { atMs, values }];
}

function fellBack(before: Reading['values'], now: Reading['values']): boolean {
  for (const [key, value] of now) if (value < (before.get(key) ?? 0)) return !isCorrection(key);
  return false;
}

/** What was counted as delivered may be taken back. */
function isCorrection(key: string): boolean {
  return key.startsWith('delivered\n');
}

/** @returns items per second, undefined before there are two readings */
export function rateOf(readings: Readings, key: string): number | undefined {
  const [first, last] = [readings[0], readings.at(-1)];
  if (first === undefined || last === undefined || first === last) return undefined;
  const grown = (last.values.get(key) ?? 0) - (first.values.get(key) ?? 0);
  return (Math.max(0, grown) * 1000) / (last.atMs - first.atMs);
}
