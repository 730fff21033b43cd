/** Whole traces of one answer, read a few at a time. */
import type { StoredTrace } from '../storage/traces/model.ts';
import { type GetTracesOptions, ReadError, type TraceReader } from '../storage/traces/reader.ts';

/** A trace to read, and how many spans it has, as far as that is known. */
export interface Wanted {
  readonly traceId: string;
  readonly spanCount?: number;
}

/** What is read, and how much of it. */
export interface WholeTracesOptions {
  readonly reader: TraceReader;
  readonly range?: Pick<GetTracesOptions, 'startNs' | 'endNs'> | undefined;
  /** Spans of all traces together; the trace that has more is cut off, those after it are not read. */
  readonly maxSpans: number;
  /** A trace that several were joined to is given once, under the first of its ids. */
  readonly distinct: boolean;
  /** Ends the reading; its reason is a ReadError. */
  readonly signal?: AbortSignal | undefined;
}

/** Spans that are there as objects at once, where no trace alone has more. */
const spansAtOnce = 10_000;
const tracesAtOnce = 200;
/** Spans of a trace of which nothing is known. */
const usualSpans = 200;

/** Reads traces as they are asked for; afterwards it says what is missing. */
export class WholeTraces {
  /** Ids of those that were not read. */
  readonly leftOut: string[] = [];
  /** Traces that were given. */
  count = 0;
  #anyCutOff = false;
  readonly #options: WholeTracesOptions;
  readonly #wanted: readonly Wanted[];

  constructor(wanted: readonly Wanted[], options: WholeTracesOptions) {
    this.#wanted = wanted;
    this.#options = options;
  }

  /** Whether something that was read or asked for is missing, as far as it was read. */
  get cutOff(): boolean {
    return this.#anyCutOff || this.leftOut.length > 0;
  }

  /** In the order asked for, without those that are not stored. Rejects with ReadError. */
  async *read(): AsyncGenerator<StoredTrace> {
    const { reader, range, maxSpans, distinct, signal } = this.#options;
    const shown = new Set<string>();
    const parts = inParts(this.#wanted);
    let left = maxSpans;
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      const ids = distinct ? part.filter((id) => !shown.has(id)) : part;
      if (ids.length === 0) continue;
      if (left <= 0) {
        this.leftOut.push(...ids);
        continue;
      }
      const room = ids.length === 1 ? left : Math.min(left, 2 * spansAtOnce);
      const asked = { ...range, maxSpans: room, signal };
      const traces = await orUndefined(reader.getTraces(ids, asked), ids);
      if (traces === undefined) {
        const half = Math.ceil(ids.length / 2);
        parts.push(ids.slice(half), ids.slice(0, half));
        continue;
      }
      for (const trace of traces) {
        left -= trace.spans.length;
        if (distinct && shown.has(trace.traceId)) continue;
        for (const id of trace.ids ?? [trace.traceId]) shown.add(id);
        this.count += 1;
        this.#anyCutOff ||= trace.truncated;
        yield trace;
      }
    }
  }
}

/** undefined where several traces have more spans together than there is room for. */
async function orUndefined(
  reading: Promise<readonly StoredTrace[]>,
  ids: readonly string[],
): Promise<readonly StoredTrace[] | undefined> {
  try {
    return await reading;
  } catch (error) {
    const broad = error instanceof ReadError && error.reason === 'too_broad';
    if (broad && ids.length > 1) return undefined;
    throw error;
  }
}

/** Ids that are read together, the first ones last. */
function inParts(wanted: readonly Wanted[]): string[][] {
  const parts: string[][] = [];
  let spans = Number.POSITIVE_INFINITY;
  for (const { traceId, spanCount = usualSpans } of wanted) {
    spans += spanCount;
    if (spans > spansAtOnce || parts.at(-1)!.length === tracesAtOnce) {
      parts.push([]);
      spans = spanCount;
    }
    parts.at(-1)!.push(traceId);
  }
  return parts.reverse();
}

/** The first traces that have at most `maxSpans` spans together; the first one always. */
export function withinSpans<T extends Wanted>(traces: readonly T[], maxSpans: number): T[] {
  let spans = 0;
  const over = traces.findIndex(({ spanCount = 0 }, i) => {
    spans += spanCount;
    return i > 0 && spans > maxSpans;
  });
  return over < 0 ? [...traces] : traces.slice(0, over);
}

/**
 * Waits for the first item, so that what fails at once fails here.
 * @returns all items, undefined where there are none
 */
export async function begun<T>(items: AsyncGenerator<T>): Promise<AsyncIterable<T> | undefined> {
  const first = await items.next();
  if (first.done === true) return undefined;
  const all = async function* (): AsyncGenerator<T> {
    yield first.value;
    yield* items;
  };
  return all();
}
