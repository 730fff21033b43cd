/**
 * Span ids of one trace: a request that carries the id of a span was sent by that span, and a span
 * that names it as its parent serves that request.
 */
import type { Rule } from '../span.ts';
import { groupBy } from '../union.ts';
import { type Message, tailOf, type Work } from '../work.ts';

const SERVER = 2;
const CLIENT = 3;
const PRODUCER = 4;
const CONSUMER = 5;
/** Captured requests with one context that are compared with a span which names it. */
const maxCandidates = 256;

/** Spans of SDKs by trace id and span id. */
export class SpanIds {
  readonly #byId: Map<string, number[]>;
  readonly #work: Work;

  constructor(work: Work) {
    const own = work.order.filter((i) => work.capture(i) === undefined);
    const { spans } = work;
    this.#work = work;
    this.#byId = groupBy(own, (i) => `${spans[i]!.traceId}${spans[i]!.spanId}`);
  }

  /**
   * The span with that id. Both ends of a call may share one (Zipkin): then the one that `wanted`
   * prefers, and undefined where that leaves several.
   */
  find(context: string, wanted: 'caller' | 'server'): number | undefined {
    const found = this.#byId.get(context) ?? [];
    if (found.length < 2) return found[0];
    const fit = found.filter((i) => isCaller(this.#work, i) === (wanted === 'caller'));
    return fit.length === 1 ? fit[0] : undefined;
  }
}

function isCaller(work: Work, i: number): boolean {
  const { kind } = work.spans[i]!;
  return kind === CLIENT || kind === PRODUCER;
}

function isServer(work: Work, i: number): boolean {
  const { kind } = work.spans[i]!;
  return kind === SERVER || kind === CONSUMER;
}

/** Trace id and span id of the caller that a span names, '' for none. */
function contextOf(work: Work, i: number): string {
  const { traceId, parentSpanId } = work.spans[i]!;
  return parentSpanId === '' ? '' : `${traceId}${parentSpanId}`;
}

/** The caller that the request of a message names; '' for none. */
export function messageContext(work: Work, message: Message): string {
  for (const i of message.members) {
    const context = contextOf(work, i);
    if (context !== '') return context;
  }
  return '';
}

/** What a link by trace context rests on, for people. @param context 32 and 16 hex digits */
export function contextEvidence(context: string): string {
  return `trace ${context.slice(0, 32)}, span ${context.slice(32)}`;
}

/** What {@link linkCallers} found out about messages, by number. */
export interface PassedOn {
  /** Came into a process that sent the same context out again: not served there. */
  readonly inbound: ReadonlySet<number>;
  /** Came out of such a process, which may have sent more of them. */
  readonly outbound: ReadonlySet<number>;
}

/**
 * Links the spans of SDKs: under the last sighting of the request that they serve where that was
 * captured, else under the parent that they name.
 */
export function linkSdkSpans(
  work: Work,
  messages: readonly Message[],
  passed: PassedOn,
  ids: SpanIds,
): void {
  const ends = [...messages.keys()].filter((n) => !passed.inbound.has(n));
  const served = groupBy(ends, (n) => messageContext(work, messages[n]!) || undefined);
  const tails = new Map<string, Tail[]>();
  for (const [context, list] of served) {
    if (list.length > maxCandidates) continue;
    const of = list.map((n) => ({ span: tailOf(messages[n]!), named: passed.outbound.has(n) }));
    tails.set(context, of);
  }
  for (const [tail, spans] of chooseTails(work, tails)) {
    for (const i of spans) {
      const context = contextOf(work, i);
      if (spans.length === 1) work.link(i, tail, 'span_id', contextEvidence(context));
    }
  }
  for (const i of work.order) {
    if (work.capture(i) !== undefined || work.parent[i] !== -1) continue;
    linkAsNamed(work, i, ids);
  }
}

/** A last sighting; `named`: the same context may have gone elsewhere too, so names must agree. */
interface Tail {
  readonly span: number;
  readonly named: boolean;
}

/** The spans that each last sighting could be the request of. */
function chooseTails(
  work: Work,
  tails: ReadonlyMap<string, readonly Tail[]>,
): Map<number, number[]> {
  const chosen = new Map<number, number[]>();
  if (tails.size === 0) return chosen;
  for (const i of work.order) {
    if (work.capture(i) !== undefined || !isServer(work, i)) continue;
    const candidates = tails.get(contextOf(work, i)) ?? [];
    const fit = candidates.filter(({ span }) => serves(work, i, span));
    const [tail] = fit;
    if (fit.length !== 1 || tail === undefined) continue;
    if (tail.named && !sameName(work, i, tail.span)) continue;
    const list = chosen.get(tail.span);
    if (list === undefined) chosen.set(tail.span, [i]);
    else list.push(i);
  }
  return chosen;
}

function sameName(work: Work, i: number, tail: number): boolean {
  const span = work.spans[i]!;
  const other = work.spans[tail]!;
  if (work.capture(tail)!.point.startsWith('client_')) return false;
  if (span.process !== '' && span.process === other.process) return true;
  return span.service !== '' && span.service === other.service;
}

function serves(work: Work, i: number, tail: number): boolean {
  const own = work.spans[i]!.process;
  const { process } = work.spans[tail]!;
  const isProcess = work.capture(tail)!.point === 'server_process';
  if (isProcess && own !== '' && process !== '' && own !== process) return false;
  const tolerance = work.tolerance(i, tail);
  const end = work.capture(tail)!.answered ? work.end[tail]! : Number.POSITIVE_INFINITY;
  const at = work.start[i]!;
  return at >= work.start[tail]! - tolerance && at <= end + tolerance;
}

function linkAsNamed(work: Work, i: number, ids: SpanIds): void {
  const context = contextOf(work, i);
  if (context === '') {
    work.unlink(i, 'root');
    return;
  }
  const parent = ids.find(context, isServer(work, i) ? 'caller' : 'server') ?? -1;
  if (parent === -1 || parent === i) work.unlink(i, 'parent_not_stored');
  else work.link(i, parent, 'span_id', contextEvidence(context));
}

/** The caller's span of each message that names one which is stored. */
export function callerOf(work: Work, message: Message, ids: SpanIds): number | undefined {
  const context = messageContext(work, message);
  return context === '' ? undefined : ids.find(context, 'caller');
}

/** The inbound request that an outbound one belongs to. */
interface Call {
  readonly parent: number;
  readonly evidence: string;
  readonly rule: Rule;
}

/**
 * A trace that begins in a process whose inbound request carried no context: where all captured
 * requests that this trace sent belong to one inbound request of the process, the trace's root
 * hangs under that.
 * @param calls by message number of the outbound request
 */
export function linkSdkRoots(
  work: Work,
  messages: readonly Message[],
  calls: ReadonlyMap<number, Call>,
  ids: SpanIds,
): void {
  const roots = new Int32Array(work.spans.length).fill(-1);
  const callsOf = new Map<number, Call[]>();
  for (const [n, call] of calls) {
    const caller = callerOf(work, messages[n]!, ids);
    if (caller === undefined) continue;
    const root = rootOf(work, caller, roots);
    const list = callsOf.get(root);
    if (list === undefined) callsOf.set(root, [call]);
    else list.push(call);
  }
  const fit = [...callsOf].filter(([root, of]) => of.every((call) => begins(work, root, call)));
  const single = fit.filter(([, of]) => new Set(of.map((call) => call.parent)).size === 1);
  for (const list of groupBy(single, ([, of]) => of[0]!.parent).values()) {
    if (list.length !== 1) continue;
    const [root, of] = list[0]!;
    const { parent, rule, evidence } = of.reduce((a, b) => (b.evidence < a.evidence ? b : a));
    work.link(root, parent, rule, `${evidence}, of a request of this trace`);
  }
}

/** Whether a root without a parent may be the handling of the inbound request of `call`. */
function begins(work: Work, root: number, call: Call): boolean {
  const span = work.spans[root]!;
  if (!isServer(work, root) || span.parentSpanId !== '' || work.parent[root] !== -1) return false;
  if (work.capture(call.parent)!.headerTraceId !== '') return false;
  return serves(work, root, call.parent);
}

/** Up the spans of SDKs; a request that was captured ends it. @param known answers so far, or -1 */
function rootOf(work: Work, from: number, known: Int32Array): number {
  const path: number[] = [];
  const seen = new Set<number>();
  let at = from;
  while (known[at] === -1 && !seen.has(at)) {
    seen.add(at);
    path.push(at);
    const up = work.parent[at]!;
    if (up === -1 || work.capture(up) !== undefined) break;
    at = up;
  }
  const root = known[at] === -1 ? at : known[at]!;
  for (const i of path) known[i] = root;
  return root;
}
