/**
 * Makes one tree of spans that were seen by SDKs, in system calls and in packets. Pure: the same
 * spans in any order give the same links. O(n log n) for n spans, with bounded work for keys that
 * many share.
 */
import { breakCycles } from './cycles.ts';
import { findJoins } from './joins.ts';
import { joinTranslated } from './rules/address-translation.ts';
import { byBusinessId } from './rules/business-id.ts';
import { byPassedContext, byProcessTraceId } from './rules/process-trace-id.ts';
import { byRequestId } from './rules/request-id.ts';
import {
  callerOf,
  contextEvidence,
  linkSdkRoots,
  linkSdkSpans,
  messageContext,
  type PassedOn,
  SpanIds,
} from './rules/span-id.ts';
import { bySyscall } from './rules/syscall.ts';
import { findMessages, sightingEvidence } from './rules/tcp-sequence.ts';
import {
  defaultStitchOptions,
  type Link,
  type Rule,
  type Stitched,
  type StitchOptions,
  type StitchSpan,
  type Unlinked,
} from './span.ts';
import { type Answer, headOf, type Message, Work } from './work.ts';

/** Links the spans. More than `maxSpans` are given back without any link, reason `limit`. */
export function stitch(
  spans: readonly StitchSpan[],
  options: StitchOptions = defaultStitchOptions,
): Stitched {
  if (spans.length > options.maxSpans) {
    const links = spans.map((): Link => ({ parent: -1, unlinked: 'limit' }));
    return { links, joins: [], unlinked: new Map([['limit', spans.length]]) };
  }
  const work = new Work(spans, options);
  const messages = joinTranslated(work, findMessages(work));
  work.messages = messages;
  for (const message of messages) linkSightings(work, message);
  const calls = linkProcesses(work, messages);
  const ids = new SpanIds(work);
  const passed = linkCallers(work, messages, calls, ids);
  linkSdkSpans(work, messages, passed, ids);
  linkSdkRoots(work, messages, calls, ids);
  breakCycles(work);
  return result(work);
}

/** Each sighting of a message under the one before it on the way. */
function linkSightings(work: Work, { members }: Message): void {
  for (const [n, i] of members.entries()) {
    const before = members[n - 1];
    if (before === undefined) continue;
    work.link(i, before, sightingRule(work, before, i), sightingEvidence(work, before, i));
  }
}

function sightingRule(work: Work, a: number, b: number): Rule {
  if (work.connection[a] !== work.connection[b]) return 'address_translation';
  return work.capture(a)!.transport === 'udp' ? 'datagram' : 'tcp_sequence';
}

interface Call {
  readonly parent: number;
  readonly evidence: string;
  readonly rule: Rule;
}

/**
 * Rules that speak of one process, the strongest first; those with `proof` may contradict others.
 */
const processRules: readonly {
  readonly rule: Rule;
  readonly proof: boolean;
  readonly apply: (work: Work, messages: readonly Message[]) => Map<number, Answer>;
}[] = [
  { rule: 'syscall', proof: true, apply: bySyscall },
  { rule: 'request_id', proof: true, apply: byRequestId },
  { rule: 'business_id', proof: true, apply: byBusinessId },
  { rule: 'process_trace_id', proof: true, apply: byPassedContext },
  { rule: 'process_trace_id', proof: false, apply: byProcessTraceId },
];

/**
 * The inbound request that each outbound one belongs to, by message number. Where two rules name
 * different ones there is none.
 */
function linkProcesses(work: Work, messages: readonly Message[]): Map<number, Call> {
  const calls = new Map<number, Call>();
  const conflicting = new Set<number>();
  const ambiguous = new Set<number>();
  for (const { rule, proof, apply } of processRules) {
    for (const [n, answer] of apply(work, messages)) {
      if (answer === 'ambiguous') {
        ambiguous.add(n);
        continue;
      }
      const known = calls.get(n);
      if (known === undefined) calls.set(n, { ...answer, rule });
      else if (proof && known.parent !== answer.parent) conflicting.add(n);
    }
  }
  for (const n of ambiguous) work.unlink(headOf(messages[n]!), 'ambiguous');
  for (const n of conflicting) {
    calls.delete(n);
    work.unlink(headOf(messages[n]!), 'conflict');
  }
  for (const [n, { parent, rule, evidence }] of calls) {
    work.link(headOf(messages[n]!), parent, rule, evidence);
  }
  return calls;
}

/**
 * Puts requests under the span that sent them where their header names it, unless they belong to an
 * inbound request with the same header: then a process that knows nothing of traces passed it on.
 * @returns the messages of such processes
 */
function linkCallers(
  work: Work,
  messages: readonly Message[],
  calls: ReadonlyMap<number, Call>,
  ids: SpanIds,
): PassedOn {
  for (const [n, { members }] of messages.entries()) for (const i of members) work.message[i] = n;
  const passed = { inbound: new Set<number>(), outbound: new Set<number>() };
  for (const [n, message] of messages.entries()) {
    const head = headOf(message);
    const context = messageContext(work, message);
    const call = calls.get(n);
    if (context !== '' && call !== undefined) {
      const inbound = work.message[call.parent]!;
      if (messageContext(work, messages[inbound]!) === context) {
        passed.inbound.add(inbound);
        passed.outbound.add(n);
        continue;
      }
    }
    const caller = callerOf(work, message, ids);
    if (caller !== undefined) work.link(head, caller, 'span_id', contextEvidence(context));
    else if (work.parent[head] === -1 && work.unlinked[head] === undefined) {
      work.unlink(head, context === '' ? 'no_evidence' : 'parent_not_stored');
    }
  }
  return passed;
}

function result(work: Work): Stitched {
  const unlinked = new Map<Unlinked, number>();
  const links = work.spans.map((_, n): Link => {
    const i = work.original[n]!;
    const rule = work.rule[i];
    const parent = work.parent[i]!;
    if (parent !== -1 && rule !== undefined) return { parent, rule, evidence: work.evidence[i]! };
    const why = work.unlinked[i] ?? 'no_evidence';
    unlinked.set(why, (unlinked.get(why) ?? 0) + 1);
    return { parent: -1, unlinked: why };
  });
  return { links, joins: findJoins(work), unlinked };
}
