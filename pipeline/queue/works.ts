import type { Signal } from '../../component/signals.ts';
import { batchSizer } from '../config.ts';
import { Absorption } from './absorption.ts';
import { Admission } from './admission.ts';
import { Lanes } from './lanes.ts';
import { Pacing } from './pacing.ts';
import { Partition } from './partition.ts';
import type { QueueParts } from './parts.ts';
import { QueueTelemetry } from './telemetry.ts';

/** Part of the budget that a queue in memory holds before senders are paced, at most. */
const pacedFraction = 1 / 2;

/** What the steps of a sending queue share. */
export interface QueueWorks<S extends Signal> {
  readonly admission: Admission;
  /** Only where data waits in memory alone and senders do not wait for the result anyway. */
  readonly pacing: Pacing | undefined;
  readonly lanes: Lanes<S>;
  readonly absorption: Absorption<S> | undefined;
  readonly partition: Partition;
  readonly telemetry: QueueTelemetry<S>;
  readonly batchUnit: 'items' | 'bytes';
  /** 0 = any. */
  readonly maxUnits: number;
  readonly minUnits: number;
  /** Deliveries under way at most. */
  readonly consumers: number;
  /** What an earlier run left is taken up. */
  started: boolean;
  stopping: boolean;
}

/** @param wake called when time made a batch complete */
export function queueWorks<S extends Signal>(
  parts: QueueParts<S>,
  wake: () => void,
): QueueWorks<S> {
  const { config, settings, disk, sealer } = parts;
  const { clock } = settings;
  const { batch } = config;
  const maxUnits = batch?.max_size ?? 0;
  const minUnits = batch?.min_size ?? 0;
  const parallel = sealer?.parallel;
  const partition = new Partition(batch?.partition?.metadata_keys ?? []);
  const policy = {
    minUnits,
    maxUnits: sealer === undefined ? 0 : maxUnits,
    flushMs: batch?.flush_timeout ?? 0,
    greedy: parallel !== undefined,
  };
  const paced = disk === undefined && !config.wait_for_result;
  const absorbs = disk === undefined && partition.empty && maxUnits === 0;
  return {
    admission: new Admission(clock, config.queue_size, config.block_on_overflow),
    pacing: paced ? new Pacing(clock, settings.budget.limit * pacedFraction) : undefined,
    lanes: new Lanes(clock, policy, wake),
    absorption: absorbs && sealer !== undefined ? new Absorption(sealer, minUnits) : undefined,
    partition,
    telemetry: new QueueTelemetry(parts.signal, settings, batch?.processor),
    batchUnit: batch === undefined ? 'items' : batchSizer(config, batch),
    maxUnits,
    minUnits,
    consumers: Math.min(config.num_consumers, parallel ?? Number.POSITIVE_INFINITY),
    started: false,
    stopping: false,
  };
}
