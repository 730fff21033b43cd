/** The spans in columns, and the links as they grow. */
import { observationPoints } from '../wire/observation/points.ts';
import type { Capture, Rule, StitchOptions, StitchSpan, Unlinked } from './span.ts';

/** Same host, same clock: what rounding and the order of two events may make of equal times. */
const sameClockNs = 1e6;
const loopback = /^(127\.|::1$|::ffff:127\.)/;

/** Sightings of one request and its response on their way, in the order in which it passed. */
export interface Message {
  readonly members: readonly number[];
}

/** The head is nearest to the client. */
export function headOf(message: Message): number {
  return message.members[0]!;
}

/** The last sighting of a message: nearest to the server. */
export function tailOf(message: Message): number {
  return message.members.at(-1)!;
}

/** One rule's answer for one message: the span that its head hangs under. */
export type Answer = { readonly parent: number; readonly evidence: string } | 'ambiguous';

/** What the rules of one call share; indices are those of the spans as they were given. */
export class Work {
  readonly spans: readonly StitchSpan[];
  readonly options: StitchOptions;
  /** Span numbers, copies left out, in an order that does not depend on the order of input. */
  readonly order: readonly number[];
  /** For a copy the span that stands for it, else the span itself. */
  readonly original: Int32Array;
  /** Nanoseconds after the earliest start. */
  readonly start: Float64Array;
  readonly end: Float64Array;
  /** Number of a captured span's connection, equal for equal ends; -1 where it is not known. */
  readonly connection: Int32Array;
  /** Number of the message that a captured span is a sighting of, else -1. */
  readonly message: Int32Array;
  readonly parent: Int32Array;
  readonly rule: (Rule | undefined)[];
  readonly evidence: string[];
  readonly unlinked: (Unlinked | undefined)[];
  messages: readonly Message[] = [];

  constructor(spans: readonly StitchSpan[], options: StitchOptions) {
    const n = spans.length;
    this.spans = spans;
    this.options = options;
    this.start = new Float64Array(n);
    this.end = new Float64Array(n);
    let base = spans[0]?.startNs ?? 0n;
    for (const span of spans) if (span.startNs < base) base = span.startNs;
    for (const [i, span] of spans.entries()) {
      this.start[i] = Number(span.startNs - base);
      this.end[i] = Math.max(this.start[i]!, Number(span.endNs - base));
    }
    this.original = new Int32Array(n);
    this.order = this.#withoutCopies();
    this.connection = new Int32Array(n).fill(-1);
    this.#numberConnections();
    this.message = new Int32Array(n).fill(-1);
    this.parent = new Int32Array(n).fill(-1);
    this.rule = new Array<Rule | undefined>(n).fill(undefined);
    this.evidence = new Array<string>(n).fill('');
    this.unlinked = new Array<Unlinked | undefined>(n).fill(undefined);
  }

  /** A span that was delivered twice is stitched once. */
  #withoutCopies(): number[] {
    const sorted = [...this.spans.keys()].sort((a, b) => this.#compare(a, b));
    const first = new Map<string, number>();
    const order: number[] = [];
    for (const i of sorted) {
      const { traceId, spanId, kind, capture } = this.spans[i]!;
      const key = `${traceId}${spanId}${kind}${capture?.point ?? ''}`;
      const known = first.get(key);
      this.original[i] = known ?? i;
      if (known !== undefined) continue;
      first.set(key, i);
      order.push(i);
    }
    return order;
  }

  #numberConnections(): void {
    const numbers = new Map<string, number>();
    for (const i of this.order) {
      if (this.capture(i) === undefined) continue;
      const name = connectionOf(this.spans[i]!);
      if (name === '') continue;
      let number = numbers.get(name);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(name, number);
      }
      this.connection[i] = number;
    }
  }

  #compare(a: number, b: number): number {
    const byTime = this.start[a]! - this.start[b]! || this.end[b]! - this.end[a]!;
    if (byTime !== 0) return byTime;
    const x = this.spans[a]!;
    const y = this.spans[b]!;
    return (
      text(x.traceId, y.traceId) ||
      text(x.spanId, y.spanId) ||
      x.kind - y.kind ||
      text(x.service, y.service) ||
      text(x.parentSpanId, y.parentSpanId)
    );
  }

  capture(i: number): Capture | undefined {
    return this.spans[i]!.capture;
  }

  /** How much the times of one event may differ between two spans. */
  tolerance(a: number, b: number): number {
    const { networkDelayNs, clockOffsetNs } = this.options;
    return this.sameHost(a, b) ? networkDelayNs : networkDelayNs + clockOffsetNs;
  }

  sameHost(a: number, b: number): boolean {
    const { host } = this.spans[a]!;
    return host !== '' && host === this.spans[b]!.host;
  }

  /** How far a child in the same process may begin outside its parent. */
  get slackNs(): number {
    return sameClockNs;
  }

  /**
   * Order of sightings of one message: by place, and at equal places the longer first, as a request
   * comes to the place nearer to the client earlier and its response later, whatever the clocks
   * say.
   */
  compareHops(a: number, b: number): number {
    const byPlace = rank(this.capture(a)!) - rank(this.capture(b)!);
    if (byPlace !== 0) return byPlace;
    const bySpan = this.end[b]! - this.start[b]! - (this.end[a]! - this.start[a]!);
    return bySpan || this.#compare(a, b);
  }

  link(i: number, parent: number, rule: Rule, evidence: string): void {
    this.parent[i] = parent;
    this.rule[i] = rule;
    this.evidence[i] = evidence;
    this.unlinked[i] = undefined;
  }

  unlink(i: number, why: Unlinked): void {
    this.parent[i] = -1;
    this.rule[i] = undefined;
    this.evidence[i] = '';
    this.unlinked[i] = why;
  }
}

function text(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const ranks = new Map(observationPoints.map((point, i) => [point, i]));

function rank(capture: Capture): number {
  return ranks.get(capture.point)!;
}

/** Whether it names its own host: the same address on two hosts is two places. */
export function isLoopback(address: string): boolean {
  return loopback.test(address);
}

/** `10.0.0.1:4000 > 10.0.0.2:80`; of loopback only with the host, '' where that is not known. */
export function connectionOf(span: StitchSpan): string {
  const c = span.capture!;
  if (c.clientAddress === '' || c.serverAddress === '') return '';
  const text = `${c.clientAddress}:${c.clientPort} > ${c.serverAddress}:${c.serverPort}`;
  const local = isLoopback(c.clientAddress) || isLoopback(c.serverAddress);
  if (!local) return text;
  return span.host === '' ? '' : `${text} @ ${span.host}`;
}
