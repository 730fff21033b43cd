import type { Batch } from './batch.ts';
import { checkRequest } from './check.ts';
import { Fault } from './check-table.ts';
import { explainFault } from './explain.ts';
import { fastCheck, nativeMinBytes } from './fast-check.ts';
import { normalise } from './normalise.ts';
import { OtlpBatch } from './otlp-batch.ts';
import { withPlainTexts } from './profiles/resolve.ts';
import type { WriterMemory } from './proto/writer.ts';
import { type Message, requestMessage } from './schema.ts';
import type { Signal } from './signal.ts';

/** What a request may be, beside the limit on its bytes. */
export interface Limits {
  /** Attribute values (and unknown groups) inside one another, at most; 1 to 200. */
  readonly maxNesting: number;
  /**
   * Is asked for the bytes that a request takes beside those it came in: as protobuf when it came
   * as JSON, in the usual order when it came in another. They stay reserved with it.
   */
  readonly memory?: WriterMemory;
}

/** Values 64 deep; no memory is asked for. */
export const defaultLimits: Limits = { maxNesting: 64 };

/** Longest request: offsets are signed 32-bit numbers. */
const maxRequestBytes = 0x7fffffff;

/** Items of a valid request, and whether it is out of order. */
interface Checked {
  items: number;
  unordered: boolean;
}

function checked(bytes: Uint8Array, root: Message, limits: Limits): Checked {
  const { maxNesting } = limits;
  if (fastCheck !== undefined && bytes.length >= nativeMinBytes) {
    const found = fastCheck.check(bytes, root.index, maxNesting);
    if (found >= 0) return { items: Math.floor(found / 2), unordered: found % 2 === 1 };
  }
  const result = checkRequest(bytes, root.index, maxNesting);
  if (result.fault !== Fault.none) throw explainFault(bytes, root, result, maxNesting);
  return result;
}

/**
 * The structural pass: reads a whole export request and makes a batch over its bytes, which are
 * not copied. Checked are lengths, wire types, varints (10 bytes at most), field numbers, trace and
 * span ids (0 or 16 and 8 bytes), nesting, and UTF-8 of attribute keys, names and service.name;
 * unknown fields and groups are kept. Later readers trust it. Of profiles, attributes
 * that name texts by index are written anew with the texts (profiles/resolve.ts).
 *
 * @param bytes protobuf of Export{Trace,Metrics,Logs,Profiles}ServiceRequest, OTLP 1.11; empty is
 *   valid
 * @throws WireError for the first fault, and what `limits.memory` throws; nothing of the request is
 *   kept then
 */
export function parseRequest<S extends Signal>(
  signal: S,
  bytes: Uint8Array,
  limits: Limits = defaultLimits,
): Batch<S> {
  if (bytes.length > maxRequestBytes) throw new Error('BUG: a request of more than 2 GiB');
  const root = requestMessage[signal];
  let result = checked(bytes, root, limits);
  let ordered = bytes;
  if (result.unordered) {
    ordered = normalise(bytes, root, limits.memory);
    result = checked(ordered, root, limits);
  }
  if (signal === 'profiles') ordered = withPlainTexts(ordered, limits.memory);
  return new OtlpBatch(signal, [ordered], [result.items]);
}
