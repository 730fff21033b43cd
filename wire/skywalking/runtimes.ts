import type { MetricsBuilder } from '../../pdata/builder.ts';
import type { Instances } from './instances.ts';
import { counter, gauge, MetricTranslator, type Point, type PreparedMetrics } from './metrics.ts';
import { timeOf } from './records.ts';
import { message } from './schema.ts';
import type { Translator } from './translator.ts';

interface Cpu {
  readonly usagePercent: number;
}

interface Usage {
  readonly init: bigint;
  readonly max: bigint;
  readonly used: bigint;
  readonly committed: bigint;
}

/** JVMMetric of language-agent/JVMMetric.proto. */
interface JvmMetric {
  readonly time: bigint;
  readonly cpu?: Cpu;
  readonly memory: readonly (Usage & { readonly isHeap: boolean })[];
  readonly memoryPool: readonly (Usage & { readonly type: number })[];
  readonly gc: readonly { readonly phase: number; readonly count: bigint; readonly time: bigint }[];
  readonly thread?: Readonly<Record<string, bigint>>;
  readonly clazz?: {
    readonly loadedClassCount: bigint;
    readonly totalUnloadedClassCount: bigint;
    readonly totalLoadedClassCount: bigint;
  };
}

interface Collection<T> {
  readonly metrics: readonly T[];
  readonly service: string;
  readonly serviceInstance: string;
}

const poolTypes = message('MemoryPool').byName.get('type')!.enumNames;
const phases = message('Gc').byName.get('phase')!.enumNames;

/** Pools of the heap: young, old, survivor, and that of ZGC. */
const heapPools = new Set([1, 2, 3, 6]);

/** Counts of threads, by what the Go collector's translator calls the state. */
const threadStates: readonly (readonly [field: string, state: string])[] = [
  ['liveCount', 'live'],
  ['daemonCount', 'daemon'],
  ['peakCount', 'peak'],
  ['runnableStateThreadCount', 'runnable'],
  ['blockedStateThreadCount', 'blocked'],
  ['waitingStateThreadCount', 'waiting'],
  ['timedWaitingStateThreadCount', 'time_waiting'],
];

const usages = ['init', 'used', 'max', 'committed'] as const;
const perCent = 100;

/** A message's samples with their times. */
type Samples<T> = readonly { readonly m: T; readonly time: bigint }[];

function writeCollections(b: MetricsBuilder, samples: Samples<JvmMetric>): void {
  const points = (value: 'count' | 'time'): Point[] =>
    samples.flatMap(({ m, time }) =>
      m.gc.map((gc): Point => {
        return [time, { 'jvm.gc.name': phases[gc.phase] ?? String(gc.phase) }, gc[value]];
      }),
    );
  counter(b, ['sw.jvm.gc.count', '{collection}'], 'delta', points('count'));
  counter(b, ['sw.jvm.gc.duration', 'ms'], 'delta', points('time'));
}

function writeMemory(b: MetricsBuilder, samples: Samples<JvmMetric>): void {
  for (const usage of usages) {
    const points = samples.flatMap(({ m, time }) =>
      m.memoryPool.map((pool): Point => {
        const name = poolTypes[pool.type] ?? String(pool.type);
        const type = heapPools.has(pool.type) ? 'heap' : 'non_heap';
        return [time, { 'jvm.memory.pool.name': name, 'jvm.memory.type': type }, pool[usage]];
      }),
    );
    gauge(b, [`jvm.memory.${usage}`, 'By'], points);
  }
  for (const usage of usages) {
    const points = samples.flatMap(({ m, time }) =>
      m.memory.map((memory): Point => {
        return [time, { 'jvm.memory.type': memory.isHeap ? 'heap' : 'non_heap' }, memory[usage]];
      }),
    );
    gauge(b, [`sw.jvm.memory.${usage}`, 'By'], points);
  }
}

/** A point of each sample that has the part. */
function each<T, P>(
  samples: Samples<T>,
  part: (m: T) => P | undefined,
  value: (part: P) => number | bigint,
): Point[] {
  return samples.flatMap(({ m, time }): Point[] => {
    const found = part(m);
    return found === undefined ? [] : [[time, {}, value(found)]];
  });
}

function writeJvm(b: MetricsBuilder, samples: Samples<JvmMetric>): void {
  writeCollections(b, samples);
  writeMemory(b, samples);
  const threads = samples.flatMap(({ m: { thread }, time }): Point[] => {
    if (thread === undefined) return [];
    return threadStates.map(([field, state]): Point => {
      const attributes = { 'thread.state': state, 'thread.daemon': state === 'daemon' };
      return [time, attributes, thread[field]!];
    });
  });
  gauge(b, ['jvm.thread.count', '{thread}'], threads);
  const cpu = each(
    samples,
    (m) => m.cpu,
    ({ usagePercent }) => usagePercent / perCent,
  );
  gauge(b, ['jvm.cpu.recent_utilization', '1'], cpu);
  const classes = (count: keyof NonNullable<JvmMetric['clazz']>): Point[] =>
    each(
      samples,
      (m) => m.clazz,
      (clazz) => clazz[count],
    );
  gauge(b, ['jvm.class.count', '{class}'], classes('loadedClassCount'));
  counter(b, ['jvm.class.loaded', '{class}'], 'cumulative', classes('totalLoadedClassCount'));
  counter(b, ['jvm.class.unloaded', '{class}'], 'cumulative', classes('totalUnloadedClassCount'));
}

function prepare<T extends { readonly time: bigint }>(
  write: (b: MetricsBuilder, samples: Samples<T>) => void,
) {
  return ({ metrics, service, serviceInstance }: Collection<T>): PreparedMetrics => {
    const samples = metrics.map((m) => ({ m, time: timeOf(m.time, 'time of a metric') }));
    return { service, instance: serviceInstance, write: (b) => write(b, samples) };
  };
}

/** What Java agents report of the virtual machine (JVMMetricCollection). */
export function jvmTranslator(instances: Instances): Translator<'metrics'> {
  return new MetricTranslator('JvmMetrics', instances, prepare(writeJvm));
}

/** CLRMetric of language-agent/CLRMetric.proto. */
interface ClrMetric {
  readonly time: bigint;
  readonly cpu?: Cpu;
  readonly gc?: Readonly<Record<string, bigint>>;
  readonly thread?: Readonly<Record<string, number>>;
}

const generations = ['gen0', 'gen1', 'gen2'];
const threadTypes = [
  ['Worker', 'worker'],
  ['CompletionPort', 'completion_port'],
] as const;

function writeClr(b: MetricsBuilder, samples: Samples<ClrMetric>): void {
  const cpu = each(
    samples,
    (m) => m.cpu,
    ({ usagePercent }) => usagePercent / perCent,
  );
  gauge(b, ['sw.clr.cpu.utilization', '1'], cpu);
  const collections = samples.flatMap(({ m: { gc }, time }): Point[] => {
    if (gc === undefined) return [];
    return generations.map((generation, i): Point => {
      return [time, { 'gc.heap.generation': generation }, gc[`Gen${i}CollectCount`]!];
    });
  });
  counter(b, ['sw.clr.gc.collections', '{collection}'], 'delta', collections);
  const heap = each(
    samples,
    (m) => m.gc,
    (gc) => gc.HeapMemory!,
  );
  gauge(b, ['sw.clr.gc.heap', 'By'], heap);
  for (const state of ['Available', 'Max'] as const) {
    const points = samples.flatMap(({ m: { thread }, time }): Point[] => {
      if (thread === undefined) return [];
      return threadTypes.map(([field, type]): Point => {
        return [time, { 'thread.type': type }, BigInt(thread[`${state}${field}Threads`]!)];
      });
    });
    gauge(b, [`sw.clr.thread_pool.${state.toLowerCase()}`, '{thread}'], points);
  }
}

/** What .NET agents report of the runtime (CLRMetricCollection). */
export function clrTranslator(instances: Instances): Translator<'metrics'> {
  return new MetricTranslator('ClrMetrics', instances, prepare(writeClr));
}
