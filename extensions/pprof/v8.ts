import type { Profiler, Runtime } from 'node:inspector';
import { fileURLToPath } from 'node:url';
import type { Frame, Profile, Sample } from './proto.ts';

/** Time between two samples of the processor's work: Go's 100 a second. */
export const cpuPeriodUs = 10_000;

/** Bytes between two samples of the heap: Go's default. */
export const heapPeriodBytes = 512 * 1024;

/** HeapProfiler.SamplingHeapProfileNode of the DevTools protocol. */
export interface HeapNode {
  readonly callFrame: Runtime.CallFrame;
  readonly selfSize: number;
  readonly id: number;
  readonly children: readonly HeapNode[];
}

/** HeapProfiler.SamplingHeapProfile; Node's types leave part of it out. */
export interface HeapSampling {
  readonly head: HeapNode;
  readonly samples: readonly { readonly nodeId: number }[];
}

function frameOf({ functionName, url, lineNumber }: Runtime.CallFrame): Frame {
  const file = url.startsWith('file:') ? fileURLToPath(url) : url;
  return { name: functionName === '' ? '(anonymous)' : functionName, file, line: lineNumber + 1 };
}

/** Frames that are no work. */
const idle = '(idle)';
const root = '(root)';

/** The samples of a CPU profile of V8: count and time of each stack. */
export function cpuProfile(given: Profiler.Profile, unixMs: number): Profile {
  const nodes = new Map(given.nodes.map((node) => [node.id, node]));
  const parents = new Map<number, number>();
  for (const node of given.nodes) {
    for (const child of node.children ?? []) parents.set(child, node.id);
  }
  const found = new Map<number, { count: number; us: number }>();
  (given.samples ?? []).forEach((id, i) => {
    const one = found.get(id) ?? { count: 0, us: 0 };
    one.count += 1;
    one.us += Math.max(0, given.timeDeltas?.[i] ?? 0);
    found.set(id, one);
  });
  const samples: Sample[] = [];
  for (const [id, { count, us }] of found) {
    const stack: Frame[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const { callFrame } = nodes.get(at)!;
      if (callFrame.functionName !== root) stack.push(frameOf(callFrame));
    }
    if (stack.length === 0 || stack[0]!.name === idle) continue;
    samples.push({ stack, values: [count, us * 1000] });
  }
  return {
    types: [
      { type: 'samples', unit: 'count' },
      { type: 'cpu', unit: 'nanoseconds' },
    ],
    samples,
    periodType: { type: 'cpu', unit: 'nanoseconds' },
    period: cpuPeriodUs * 1000,
    unixMs,
    durationMs: (given.endTime - given.startTime) / 1000,
  };
}

/** What is on V8's heap, by the stack that allocated it. */
export function heapProfile(given: HeapSampling, unixMs: number): Profile {
  const samples: Sample[] = [];
  const counts = new Map<number, number>();
  for (const { nodeId } of given.samples) counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
  const visit = (node: HeapNode, above: readonly Frame[]): void => {
    const isRoot = node.callFrame.functionName === root;
    const stack = isRoot ? above : [frameOf(node.callFrame), ...above];
    if (node.selfSize > 0 && stack.length > 0) {
      samples.push({ stack, values: [counts.get(node.id) ?? 1, node.selfSize] });
    }
    for (const child of node.children) visit(child, stack);
  };
  visit(given.head, []);
  return {
    types: [
      { type: 'inuse_objects', unit: 'count' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    samples,
    periodType: { type: 'space', unit: 'bytes' },
    period: heapPeriodBytes,
    unixMs,
    durationMs: 0,
  };
}
