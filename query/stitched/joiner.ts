import { withSiblings } from '../../stitch/siblings.ts';
import type { Stitched, StitchSpan, TraceJoin } from '../../stitch/span.ts';
import { stitch } from '../../stitch/stitch.ts';
import { inTurns, Pace, type Steps } from '../../storage/steps.ts';
import type { TraceAlias } from '../../storage/traces/keys.ts';
import type { StoredSpan, StoredTrace } from '../../storage/traces/model.ts';
import { inOrder } from '../../storage/traces/order.ts';
import { ReadError } from '../../storage/traces/reader.ts';
import { Decoder } from './decode.ts';
import { Frontier } from './keys.ts';
import type { StitchedOptions } from './reader.ts';
import { rewrite } from './rewrite.ts';

/** Traces that one search may bring. */
const maxFound = 2_000;
/** Joins are written down when nothing more is likely to come that speaks against them. */
const settledMs = 10_000;
/** Joins that are remembered as written; then all are forgotten. */
const maxWritten = 20_000;
/** Trace ids that are remembered as searched; then all are forgotten. */
const maxWhole = 20_000;

/** To decode a span takes about as long as so many other pieces of work. */
const decodePieces = 10;

/** Spans of one call, by their own trace id, and how they hang together. */
interface Pool {
  readonly byTrace: Map<string, readonly StoredSpan[]>;
  readonly decoder: Decoder;
  size: number;
  spans: readonly StoredSpan[];
  stitched: Stitched;
  /** Trace ids that belong together, by each of them. */
  groups: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Finds what belongs to traces with captured spans and makes one trace of each. */
export class Joiner {
  readonly #options: StitchedOptions;
  readonly #written = new Set<string>();
  /** Ids of traces that were searched to the end, by each of them. */
  readonly #whole = new Map<string, ReadonlySet<string>>();

  constructor(options: StitchedOptions) {
    this.#options = options;
  }

  /**
   * The same traces, each with all that belongs to it.
   * @param signal ends the work; the call rejects with its reason
   */
  async join(traces: readonly StoredTrace[], signal?: AbortSignal): Promise<StoredTrace[]> {
    const pool = newPool();
    for (const trace of traces) add(pool, trace.spans);
    const known = new Map<string, ReadonlySet<string>>();
    for (const trace of traces) {
      const together = new Set(trace.spans.map((span) => span.traceId));
      for (const id of together) known.set(id, together);
    }
    const complete = this.#isWhole(known) || (await this.#search(pool, [...known.keys()], signal));
    if (pool.spans.length === 0) await inTurns(this.#stitch(pool), signal);
    if (complete) this.#remember(pool, known);
    await this.#writeDown(pool, known);
    const shown: StoredTrace[] = [];
    for (const trace of traces) {
      shown.push(await inTurns(this.#show(pool, trace, !complete), signal));
    }
    return shown;
  }

  /** Whether an earlier search found that nothing else belongs to these traces, and no rival. */
  #isWhole(known: ReadonlyMap<string, ReadonlySet<string>>): boolean {
    return known.entries().every(([id, together]) => this.#whole.get(id)?.size === together.size);
  }

  /** Traces that are old enough for nothing more to come, where only they share their keys. */
  #remember(pool: Pool, known: ReadonlyMap<string, ReadonlySet<string>>): void {
    const asked = [...known.keys()].map((id) => pool.groups.get(id) ?? new Set([id]));
    const own = new Set(asked.flatMap((group) => [...group]));
    const { now, reachNs } = this.#options;
    const settled = BigInt(Math.floor(now() - settledMs)) * 1_000_000n - reachNs;
    if (own.size !== pool.byTrace.size || pool.stitched.unlinked.has('limit')) return;
    if (pool.spans.some((span) => span.endUnixNano > settled)) return;
    if (this.#whole.size > maxWhole) this.#whole.clear();
    for (const group of asked) for (const id of group) this.#whole.set(id, group);
  }

  /** @returns false when a limit or a failure ended the search */
  async #search(
    pool: Pool,
    ids: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { maxRounds, reachNs, keys, reader, now, timeoutMs } = this.#options;
    const frontier = new Frontier(reachNs);
    const begin = now();
    for (let round = 0; ; round++) {
      await inTurns(this.#stitch(pool), signal);
      const searches = await inTurns(frontier.next(this.#spansOf(pool, ids)), signal);
      if (searches.length === 0) return true;
      if (round === maxRounds || now() - begin > timeoutMs / 2) return false;
      try {
        const found = await keys.traceIds(searches, maxFound);
        const fresh = found.filter((id) => !pool.byTrace.has(id));
        if (fresh.length === 0) return true;
        if (pool.size > this.#options.maxSpans) return false;
        // One more than there is room for: a single trace is cut off, and must not pass for whole.
        const maxSpans = this.#options.maxSpans - pool.size + 1;
        for (const trace of await reader.getTraces(fresh, { maxSpans, signal })) {
          if (pool.size + trace.spans.length > this.#options.maxSpans) return false;
          add(pool, trace.spans);
        }
        if (found.length === maxFound) return false;
      } catch (error) {
        signal?.throwIfAborted();
        const full = error instanceof ReadError && error.reason === 'too_broad';
        if (!full) this.#options.onFailure(error);
        return false;
      }
    }
  }

  *#stitch(pool: Pool): Steps<void> {
    pool.spans = [...pool.byTrace.values()].flat();
    const pace = new Pace();
    const decoded: StitchSpan[] = [];
    for (const span of pool.spans) {
      decoded.push(pool.decoder.decode(span));
      if (pace.due(decodePieces)) yield;
    }
    pool.stitched = stitch(decoded, this.#options);
    pool.groups = groupsOf(pool.stitched.joins);
  }

  /** Spans that belong to the traces, and those that only a span which is not there yet keeps away. */
  #spansOf(pool: Pool, ids: readonly string[]): StitchSpan[] {
    const wanted = new Set(ids.flatMap((id) => [...(pool.groups.get(id) ?? [id])]));
    const spans = pool.spans.map((span) => pool.decoder.decode(span));
    // Over the limit nothing is linked, so that nothing keeps anything away.
    if (pool.size > this.#options.maxSpans) return spans.filter((s) => wanted.has(s.traceId));
    return withSiblings(spans, (span) => wanted.has(span.traceId));
  }

  /** Every trace that the search joined, whichever was asked for. */
  async #writeDown(pool: Pool, known: ReadonlyMap<string, ReadonlySet<string>>): Promise<void> {
    const { keys, now, onFailure } = this.#options;
    const settled = BigInt(Math.floor(now() - settledMs)) * 1_000_000n;
    const aliases: TraceAlias[] = [];
    for (const { from, to, rule } of pool.stitched.joins) {
      if (known.get(from)?.has(to) === true || this.#written.has(`${from}${to}`)) continue;
      const spans = [...(pool.byTrace.get(from) ?? []), ...(pool.byTrace.get(to) ?? [])];
      if (spans.some((span) => span.endUnixNano > settled)) continue;
      const startNs = pool.byTrace.get(to)?.[0]?.startUnixNano ?? 0n;
      aliases.push({ from, to, reason: rule, startNs });
    }
    try {
      await keys.join(aliases);
    } catch (error) {
      onFailure(error);
      return;
    }
    if (this.#written.size > maxWritten) this.#written.clear();
    for (const { from, to } of aliases) this.#written.add(`${from}${to}`);
  }

  *#show(pool: Pool, trace: StoredTrace, cutOff: boolean): Steps<StoredTrace> {
    const { traceId } = trace;
    const unlinked = pool.stitched.unlinked.has('limit');
    const stored = new Set(trace.spans.map((span) => span.traceId));
    // The spans of the id itself may be gone, and those that it was joined with may still be there.
    const seeds = unlinked || !stored.has(traceId) ? [...stored] : [traceId];
    const members = new Set(
      unlinked ? stored : seeds.flatMap((id) => [...(pool.groups.get(id) ?? [id])]),
    );
    const pace = new Pace();
    const found: StoredSpan[] = [];
    for (const [i, span] of pool.spans.entries()) {
      if (pace.due()) yield;
      if (!members.has(span.traceId)) continue;
      const link = pool.stitched.links[i]!;
      const parent = link.parent === -1 ? undefined : pool.spans[link.parent];
      const captured = pool.decoder.decode(span).capture !== undefined;
      found.push(rewrite(span, link, parent, traceId, captured));
    }
    const spans = yield* inOrder(found);
    return { traceId, spans, truncated: trace.truncated || cutOff, ids: [...members] };
  }
}

function newPool(): Pool {
  const stitched = { links: [], joins: [], unlinked: new Map() };
  const spans: StoredSpan[] = [];
  const [byTrace, groups] = [new Map(), new Map()];
  return { byTrace, groups, decoder: new Decoder(), size: 0, spans, stitched };
}

function add(pool: Pool, spans: readonly StoredSpan[]): void {
  for (const [id, list] of Map.groupBy(spans, (span) => span.traceId)) {
    if (pool.byTrace.has(id)) continue;
    pool.byTrace.set(id, list);
    pool.size += list.length;
  }
}

/** Joins lead from every part to one trace. */
function groupsOf(joins: readonly TraceJoin[]): Map<string, Set<string>> {
  const groups = new Map<string, Set<string>>();
  for (const { from, to } of joins) {
    const group = groups.get(to) ?? new Set([to]);
    group.add(from);
    groups.set(to, group);
    groups.set(from, group);
  }
  return groups;
}
