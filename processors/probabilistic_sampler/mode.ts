import { u32At } from '../../pdata/proto/cursor.ts';
import {
  AttributeKey,
  LogField,
  type MessageView,
  SpanField,
  ValueType,
} from '../../pdata/readers.ts';
import type { Carrier } from './carrier.ts';
import type { Config } from './config.ts';
import { buckets, hashRandomness, seededHash } from './hash.ts';
import {
  bits56,
  fullRandomness,
  leastProbability,
  lessThan,
  neverSample,
  probabilityOf,
  type Randomness,
  type Threshold,
  thresholdFor,
} from './threshold.ts';

/** Faults of items that are no surprise. */
export const missingRandomness = 'missing randomness';
const randomnessInUse = 'item has sampling randomness, equalizing or proportional mode recommended';
const thresholdInUse = 'item has sampling threshold, equalizing or proportional mode recommended';

/** What a mode found out about an item; one object serves all items. */
export interface Found {
  /** undefined = there is none. */
  randomness: Randomness | undefined;
  /** Where the randomness is from, for metrics. */
  policy: string;
  /** Whether the item's own account of its sampling may be read and changed. */
  usable: boolean;
  /** What is wrong, '' = nothing. */
  fault: string;
}

/** A way to sample. */
export interface Mode {
  /** Finds the randomness of the item that the carrier was moved to. @param fault of the carrier */
  find(item: MessageView, carrier: Carrier, fault: string, found: Found): void;
  /** The threshold for the item. */
  decide(carrier: Carrier): Threshold;
}

const idFields = { traces: SpanField.traceId, logs: LogField.traceId } as const;

/** Puts `item.value` on the trace id. @returns false when there is none */
function findTraceId(item: MessageView, field: number): boolean {
  if (!item.findField(field)) return false;
  const { bytes, start, end } = item.value;
  for (let i = start; i < end; i += 1) if (bytes[i] !== 0) return true;
  return false;
}

function missing(found: Found): void {
  found.randomness = undefined;
  found.policy = 'missing_randomness';
}

/** Nothing is sampled but by priority. */
const never: Mode = {
  find(_item, _carrier, fault, found) {
    found.randomness = fullRandomness;
    found.policy = 'sampling_priority';
    found.usable = true;
    found.fault = fault;
  },
  decide: () => neverSample,
};

/** The randomness of the item itself, or the last 56 bits of its trace id. */
function consistent(field: number, decide: (carrier: Carrier) => Threshold): Mode {
  return {
    find(item, carrier, fault, found) {
      missing(found);
      found.fault = fault;
      found.usable = fault === '';
      if (fault !== '') return;
      if (carrier.randomness !== undefined) {
        found.randomness = carrier.randomness;
        found.policy = 'sampling_randomness';
      } else if (findTraceId(item, field)) {
        const { bytes, start } = item.value;
        const hi = (bytes[start + 9]! << 16) | (bytes[start + 10]! << 8) | bytes[start + 11]!;
        const lo = u32At(bytes, start + 12);
        found.randomness = { hi, lo: swapped(lo) };
        found.policy = 'trace_id_w3c';
      }
    },
    decide,
  };
}

function swapped(word: number): number {
  const bytes = ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00);
  return (bytes | (word >>> 24)) >>> 0;
}

/** What a mode of hashes hashes in logs. */
interface LogSource {
  readonly traceId: boolean;
  readonly attribute: AttributeKey | undefined;
}

function hashing(
  field: number,
  config: Config,
  threshold: Threshold,
  source: LogSource,
  isLogs: boolean,
): Mode {
  const seeded = seededHash(config.hash_seed);
  const encoder = new TextEncoder();

  function fromAttribute(item: MessageView, found: Found): void {
    const { attribute } = source;
    if (attribute === undefined || !item.find(attribute)) return;
    const { value } = item;
    let { bytes } = value;
    let start = value.contentStart;
    let end = value.contentEnd;
    if (value.type !== ValueType.bytes && value.type !== ValueType.string) {
      bytes = encoder.encode(value.toText());
      start = 0;
      end = bytes.length;
    }
    if (end === start) return;
    found.randomness = hashRandomness(seeded, bytes, start, end);
    found.policy = attribute.text;
  }

  return {
    find(item, carrier, fault, found) {
      missing(found);
      if (source.traceId && findTraceId(item, field)) {
        const { bytes, start, end } = item.value;
        found.randomness = hashRandomness(seeded, bytes, start, end);
        found.policy = 'trace_id_hash';
      } else fromAttribute(item, found);
      found.fault = fault;
      found.usable = false;
      if (fault !== '') return;
      if (carrier.randomness !== undefined) found.fault = randomnessInUse;
      else if (carrier.threshold !== undefined) found.fault = thresholdInUse;
      else {
        found.usable = true;
        if (found.randomness !== undefined) carrier.setRandomness(found.randomness);
        else if (!isLogs) carrier.setRandomness(fullRandomness);
      }
    },
    decide: () => threshold,
  };
}

/** The mode that a configuration asks for. */
export function modeOf(config: Config, signal: 'traces' | 'logs'): Mode {
  const percent = Math.min(100, Math.fround(config.sampling_percentage));
  if (percent === 0) return never;
  const ratio = Math.max(leastProbability, percent / 100);
  const field = idFields[signal];
  if (config.mode === 'equalizing') {
    const fixed = thresholdFor(ratio, config.sampling_precision)!;
    return consistent(field, ({ threshold }) =>
      threshold !== undefined && lessThan(fixed, threshold) ? threshold : fixed,
    );
  }
  if (config.mode === 'proportional') return proportional(field, ratio, config.sampling_precision);
  // in single precision, as it always was
  const accepted = Math.trunc(Math.fround(percent * Math.fround(buckets / 100)));
  if (accepted === 0) return never;
  const threshold = bits56(BigInt(buckets - accepted) << 42n);
  const isLogs = signal === 'logs';
  const attribute =
    isLogs && config.from_attribute !== '' ? new AttributeKey(config.from_attribute) : undefined;
  const traceId = !isLogs || config.attribute_source === 'traceID';
  return hashing(field, config, threshold, { traceId, attribute }, isLogs);
}

function proportional(field: number, ratio: number, precision: number): Mode {
  const plain = thresholdFor(ratio, precision) ?? neverSample;
  return consistent(field, ({ threshold }) =>
    threshold === undefined
      ? plain
      : (thresholdFor(probabilityOf(threshold) * ratio, precision) ?? neverSample),
  );
}
