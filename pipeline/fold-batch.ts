import type { Signal } from '../component/signals.ts';
import type { BatchConfig, QueueConfig } from './config.ts';

/** Keys of the `batch` processor that decide here; times in milliseconds. */
export interface BatchProcessorConfig {
  readonly timeout: number;
  readonly send_batch_size: number;
  readonly send_batch_max_size: number;
  readonly metadata_keys: readonly string[];
}

/** A pipeline as far as folding looks at it; processors in their order. */
export interface FoldPipeline {
  readonly id: string;
  readonly signal: Signal;
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

/** A resolved configuration as far as folding looks at it. */
export interface FoldInput<P extends FoldPipeline> {
  readonly pipelines: readonly P[];
  /** The configuration of a processor, if it is a `batch`. */
  batch(processorId: string): BatchProcessorConfig | undefined;
  /** The decoded `sending_queue` of an exporter; undefined when there is none, or no exporter. */
  queue(exporterId: string): QueueConfig | undefined;
}

interface Folded<P extends FoldPipeline> {
  /** The pipelines, less the processors that were folded. */
  readonly pipelines: readonly (P | (Omit<P, 'processors'> & { processors: readonly string[] }))[];
  /** The queues that changed: {@link foldKey} of signal and exporter to what to use instead. */
  readonly queues: ReadonlyMap<string, QueueConfig>;
}

/** The key of an exporter instance in {@link Folded.queues}. */
export function foldKey(signal: Signal, exporterId: string): string {
  return `${exporterId}@${signal}`;
}

/**
 * Turns a `batch` processor directly before queued exporters into the batching of their queues,
 * so that nothing is held twice and a refusal reaches the sender.
 *
 * Done where it changes nothing else: every exporter behind it has a queue that neither batches
 * already nor waits for results, every pipeline of that signal that leads to such an exporter ends
 * with the same batching, and batches are not kept apart by metadata. A queue measured in requests
 * is then measured in items, `send_batch_size` for each: before it counted whole batches.
 */
export function foldBatchProcessors<P extends FoldPipeline>(input: FoldInput<P>): Folded<P> {
  const queues = new Map<string, QueueConfig>();
  const folding = new Map<P, BatchProcessorConfig>();
  for (const pipeline of input.pipelines) {
    const last = pipeline.processors.at(-1);
    const batch = last === undefined ? undefined : input.batch(last);
    if (batch !== undefined && canFold(pipeline, batch, input)) folding.set(pipeline, batch);
  }
  // Taking one pipeline out may take others out that share an exporter with it.
  for (let before = -1; before !== folding.size; ) {
    before = folding.size;
    for (const [pipeline, batch] of folding) {
      const alike = input.pipelines.every((other) => {
        if (other.signal !== pipeline.signal || !shareExporter(other, pipeline)) return true;
        const theirs = folding.get(other);
        return theirs !== undefined && sameBatching(theirs, batch);
      });
      if (!alike) folding.delete(pipeline);
    }
  }
  const pipelines = input.pipelines.map((pipeline) => {
    const batch = folding.get(pipeline);
    if (batch === undefined) return pipeline;
    // Of several queues the first tells of the processor's batches.
    pipeline.exporters.forEach((id, i) => {
      const key = foldKey(pipeline.signal, id);
      const told = i === 0 ? pipeline.processors.at(-1) : undefined;
      const known = queues.get(key)?.batch?.processor;
      queues.set(key, withBatching(input.queue(id)!, batch, known ?? told));
    });
    return { ...pipeline, processors: pipeline.processors.slice(0, -1) };
  });
  return { pipelines, queues };
}

function canFold<P extends FoldPipeline>(
  pipeline: P,
  batch: BatchProcessorConfig,
  input: FoldInput<P>,
): boolean {
  if (batch.metadata_keys.length > 0) return false;
  if (batch.send_batch_size === 0 && batch.timeout > 0) return false;
  return pipeline.exporters.every((id) => {
    const queue = input.queue(id);
    if (queue === undefined || queue.wait_for_result) return false;
    if (queue.batch !== undefined) return false;
    return queue.sizer !== 'items' || minSize(batch) <= queue.queue_size;
  });
}

function shareExporter(a: FoldPipeline, b: FoldPipeline): boolean {
  return a.exporters.some((id) => b.exporters.includes(id));
}

function sameBatching(a: BatchProcessorConfig, b: BatchProcessorConfig): boolean {
  return (
    a.timeout === b.timeout &&
    a.send_batch_size === b.send_batch_size &&
    a.send_batch_max_size === b.send_batch_max_size
  );
}

function minSize(batch: BatchProcessorConfig): number {
  return batch.timeout === 0 ? 0 : batch.send_batch_size;
}

function withBatching(
  queue: QueueConfig,
  given: BatchProcessorConfig,
  processor: string | undefined,
): QueueConfig {
  const batch: BatchConfig = {
    flush_timeout: Math.max(1, given.timeout),
    min_size: minSize(given),
    max_size: given.send_batch_max_size,
    sizer: 'items',
    ...(processor === undefined ? {} : { processor }),
  };
  if (queue.sizer !== 'requests') return { ...queue, batch };
  const perRequest = Math.max(1, given.send_batch_size);
  const capacity = Math.min(Number.MAX_SAFE_INTEGER, queue.queue_size * perRequest);
  return { ...queue, batch, sizer: 'items', queue_size: capacity };
}
