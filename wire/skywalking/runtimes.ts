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

function writeJvm(b: MetricsBuilder, m: JvmMetric, time: bigint): void {
  const collections = m.gc.map(({ phase }) => ({ 'jvm.gc.name': phases[phase] ?? String(phase) }));
  const counts = m.gc.map(({ count }, i): Point => [collections[i]!, count]);
  const durations = m.gc.map((gc, i): Point => [collections[i]!, gc.time]);
  counter(b, time, ['sw.jvm.gc.count', '{collection}'], 'delta', counts);
  counter(b, time, ['sw.jvm.gc.duration', 'ms'], 'delta', durations);
  const pools = m.memoryPool.map(({ type }) => ({
    'jvm.memory.pool.name': poolTypes[type] ?? String(type),
    'jvm.memory.type': heapPools.has(type) ? 'heap' : 'non_heap',
  }));
  for (const usage of usages) {
    const points = m.memoryPool.map((pool, i): Point => [pools[i]!, pool[usage]]);
    gauge(b, time, [`jvm.memory.${usage}`, 'By'], points);
  }
  for (const usage of usages) {
    const points = m.memory.map((memory): Point => {
      return [{ 'jvm.memory.type': memory.isHeap ? 'heap' : 'non_heap' }, memory[usage]];
    });
    gauge(b, time, [`sw.jvm.memory.${usage}`, 'By'], points);
  }
  const { thread, clazz, cpu } = m;
  if (thread !== undefined) {
    const points = threadStates.map(([field, state]): Point => {
      return [{ 'thread.state': state, 'thread.daemon': state === 'daemon' }, thread[field]!];
    });
    gauge(b, time, ['jvm.thread.count', '{thread}'], points);
  }
  if (cpu !== undefined) {
    gauge(b, time, ['jvm.cpu.recent_utilization', '1'], [[{}, cpu.usagePercent / perCent]]);
  }
  if (clazz === undefined) return;
  gauge(b, time, ['jvm.class.count', '{class}'], [[{}, clazz.loadedClassCount]]);
  const loaded: Point = [{}, clazz.totalLoadedClassCount];
  const unloaded: Point = [{}, clazz.totalUnloadedClassCount];
  counter(b, time, ['jvm.class.loaded', '{class}'], 'cumulative', [loaded]);
  counter(b, time, ['jvm.class.unloaded', '{class}'], 'cumulative', [unloaded]);
}

function prepare<T extends { readonly time: bigint }>(
  write: (b: MetricsBuilder, metric: T, time: bigint) => void,
) {
  return ({ metrics, service, serviceInstance }: Collection<T>): PreparedMetrics => {
    const times = metrics.map(({ time }) => timeOf(time, 'time of a metric'));
    return {
      service,
      instance: serviceInstance,
      write: (b) => metrics.forEach((metric, i) => void write(b, metric, times[i]!)),
    };
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

function writeClr(b: MetricsBuilder, { cpu, gc, thread }: ClrMetric, time: bigint): void {
  if (cpu !== undefined) {
    gauge(b, time, ['sw.clr.cpu.utilization', '1'], [[{}, cpu.usagePercent / perCent]]);
  }
  if (gc !== undefined) {
    const points = generations.map((generation, i): Point => {
      return [{ 'gc.heap.generation': generation }, gc[`Gen${i}CollectCount`]!];
    });
    counter(b, time, ['sw.clr.gc.collections', '{collection}'], 'delta', points);
    gauge(b, time, ['sw.clr.gc.heap', 'By'], [[{}, gc.HeapMemory!]]);
  }
  if (thread === undefined) return;
  for (const state of ['Available', 'Max'] as const) {
    const points = (['Worker', 'CompletionPort'] as const).map((type): Point => {
      const attributes = { 'thread.type': type === 'Worker' ? 'worker' : 'completion_port' };
      return [attributes, BigInt(thread[`${state}${type}Threads`]!)];
    });
    gauge(b, time, [`sw.clr.thread_pool.${state.toLowerCase()}`, '{thread}'], points);
  }
}

/** What .NET agents report of the runtime (CLRMetricCollection). */
export function clrTranslator(instances: Instances): Translator<'metrics'> {
  return new MetricTranslator('ClrMetrics', instances, prepare(writeClr));
}
