/** A trace reader that joins what was captured of a request into the trace that it belongs to. */
import type { StitchOptions } from '../../stitch/span.ts';
import type { TraceKeys } from '../../storage/traces/keys.ts';
import type { StoredResource, StoredTrace } from '../../storage/traces/model.ts';
import type { TraceReader } from '../../storage/traces/reader.ts';
import { CapturedServices } from './captured-services.ts';
import { isCaptured } from './decode.ts';
import { Joiner } from './joiner.ts';
import { joinSummaries, withinSpans } from './summaries.ts';

/** How far and how long parts of a trace are looked for. */
export interface StitchedOptions extends StitchOptions {
  readonly reader: TraceReader;
  readonly keys: TraceKeys;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Searches one after the other for one call; each finds what is one step further away. */
  readonly maxRounds: number;
  /** How long before and after a span its relatives are looked for. */
  readonly reachNs: bigint;
  /** No further search begins after so many milliseconds of one call. */
  readonly timeoutMs: number;
  /** Told of searches and joins that failed; the answer then is what there was without them. */
  readonly onFailure: (error: unknown) => void;
}

/** What was joined is not joined anew in lists when so long nothing can have come to it. */
const settledMs = 60_000;

/**
 * Gives whole traces joined, and lists of found ones on request; everything else is the inner
 * reader's. A trace without captured spans is given back as it is, and costs a look at its
 * resources.
 */
export function createStitchedReader(options: StitchedOptions): TraceReader {
  const { reader } = options;
  const joiner = new Joiner(options);
  const captured = new CapturedServices(options);
  const getTraces: TraceReader['getTraces'] = async (ids, asked) => {
    const traces = await reader.getTraces(ids, asked);
    const seen = traces.filter(hasCaptured);
    if (seen.length === 0) return traces;
    const joined = new Map<string, StoredTrace>();
    for (const some of inParts(seen, options.maxSpans)) {
      for (const trace of await joiner.join(some, asked?.signal)) joined.set(trace.traceId, trace);
    }
    return traces.map((trace) => joined.get(trace.traceId) ?? trace);
  };
  return {
    getTraces,
    services: () => reader.services(),
    operations: (service, kind) => reader.operations(service, kind),
    findTraces: (query) => reader.findTraces(query),
    dependencies: (startNs, endNs) => reader.dependencies(startNs, endNs),
    async joinFound(found) {
      const services = await captured.names();
      const settled = BigInt(Math.floor(options.now()) - settledMs) * 1_000_000n - options.reachNs;
      const parts = found.filter(
        (trace) =>
          trace.services.some(({ name }) => services.has(name)) &&
          (trace.joined !== true || trace.endUnixNano > settled),
      );
      const few = withinSpans(parts, options.maxSpans / 2);
      if (few.length === 0) return found;
      const traces = await getTraces(few.map((trace) => trace.traceId));
      return joinSummaries(found, traces);
    },
  };
}

function hasCaptured(trace: StoredTrace): boolean {
  const resources = new Set<StoredResource>();
  for (const { resource } of trace.spans) resources.add(resource);
  return resources.values().some(isCaptured);
}

/** Traces with half the limit of spans together, which leaves room for what belongs to them. */
function inParts(traces: readonly StoredTrace[], maxSpans: number): StoredTrace[][] {
  const parts: StoredTrace[][] = [];
  let spans = Number.POSITIVE_INFINITY;
  for (const trace of traces) {
    spans += trace.spans.length;
    if (spans > maxSpans / 2) {
      parts.push([]);
      spans = trace.spans.length;
    }
    parts.at(-1)!.push(trace);
  }
  return parts;
}
