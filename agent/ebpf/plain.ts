import {
  Control,
  type ExchangesAddon,
  type ExchangesHandle,
  Row,
  RowKind,
  Slot,
  SlotState,
} from '../../native/exchanges.ts';
import { serverAuthority } from '../l7/http1/describe.ts';
import { Message } from '../l7/message.ts';
import type { Origin } from '../l7/origin.ts';
import { Session } from '../session/session.ts';
import { AttributeKey } from '../spans/attributes.ts';
import type { SpanEncoder } from '../spans/encoder.ts';
import type { Known } from '../spans/known.ts';
import type { SpanWriter } from '../spans/writer.ts';
import type { SocketFlow } from './flow.ts';

/** Sockets that are followed at once; further ones are the engine's. */
const MAX_SLOTS = 8192;
/** Rows of one scan. */
const ROWS = 2048;
/** Room for spans that a scan begins with; and where that is too little, more than any span takes. */
const SPAN_ROOM = 32 << 10;
const MOST_ROOM = 512 << 10;
/** Exchanges after which a socket was plain for so long that it may soon be so again. */
const PLAIN_RUN = 32;
/** Times that a socket was not plain after which it stays the engine's for 1,023 exchanges each. */
const MAX_PATIENCE = 10;

/** What rows are read with: a request or response of which chains know the call only. */
class PlainMessage extends Message {
  declare start: number;
}

/** A socket whose exchanges are plain, as TypeScript knows it. */
interface Followed {
  readonly flow: SocketFlow;
  /** Used for one exchange after the other. */
  readonly session: Session;
  readonly request: PlainMessage;
  readonly asked: Origin;
  readonly answered: Origin;
  /** Number of its first exchange. */
  readonly began: number;
  /** The response has begun in a record before. */
  answering: boolean;
  known: Known;
  /** Number of the template that `known` became. */
  template: number;
}

/** What the engine says of a batch. */
export interface PlainHost {
  readonly baseSeconds: number;
  /** Fills an origin from the record at hand. */
  origin(into: Origin): void;
  /** Tells the chains that an exchange is over. */
  settle(flow: SocketFlow, session: Session): void;
}

/** What was taken over from a socket that is not plain any more. */
export interface Released {
  readonly flow: SocketFlow;
  /** What chains know as the request that waits. */
  readonly request: Message;
  /** Records of the request that waits and of its response; empty = none waits. */
  readonly records: Buffer;
  /** Bytes of the response that came after its record, and when. */
  readonly continued: number;
  readonly bodyEnd: number;
}

const SLOT_WORDS = Slot.words * 2;
const CHAIN_BYTES = AttributeKey.requestChain.bytes.length + 21;
const RESPONSE_CHAIN_BYTES = AttributeKey.responseChain.bytes.length + 21;

function noOrigin(): Origin {
  const none = { chainHigh: 0, chainLow: 0, thread: 0, number: 0, derived: false, first: false };
  return { ...none, rule: '' };
}

/**
 * The sockets whose exchanges are plain: one request of HTTP/1, whole in one record, then its
 * response. They are read, paired and written as spans in C (native/exchanges.c), which tells in
 * rows what happened; chains and names are looked after here. Whatever is not plain makes a socket
 * the engine's again, with the records of the request that waits.
 */
export class PlainExchanges {
  /** What the last scan came to: see native/exchanges.ts. */
  readonly control = new Float64Array(Control.words);
  readonly rows = new Int32Array(ROWS * Row.words);
  private readonly addon: ExchangesAddon;
  private readonly handle: ExchangesHandle;
  private readonly writer: SpanWriter;
  private readonly host: PlainHost;
  private readonly doubles: Float64Array;
  private readonly words: Uint32Array;
  private readonly followed: (Followed | undefined)[] = [];
  private readonly free: number[] = [];
  private readonly slots: number;
  /** Flows that finished an exchange since the last batch, and when the last one began. */
  private readonly candidates = new Map<SocketFlow, number>();

  /** @param monotonicBase nanoseconds that times of records count from */
  constructor(
    addon: ExchangesAddon,
    writer: SpanWriter,
    host: PlainHost,
    monotonicBase: bigint,
    sockets: number,
  ) {
    this.addon = addon;
    this.writer = writer;
    this.host = host;
    this.slots = Math.min(MAX_SLOTS, sockets);
    this.doubles = new Float64Array(this.slots * Slot.words);
    this.words = new Uint32Array(this.doubles.buffer);
    const { baseSeconds } = host;
    const { seeds, segments } = writer;
    const { doubles, control } = this;
    this.handle = addon.open(doubles, control, monotonicBase, baseSeconds, seeds, segments);
  }

  /** Sockets that are followed. */
  get size(): number {
    return this.followed.length - this.free.length;
  }

  /** Requests that wait for their responses. */
  get pending(): number {
    return this.control[Control.pending]!;
  }

  /** Exchanges that became spans. */
  get spans(): number {
    return this.control[Control.spans]!;
  }

  /**
   * Reads records of [from, length); `control` and `rows` say what came of it.
   * @param shift nanoseconds from `baseSeconds` to the monotonic base
   * @param room requests that may wait
   */
  scan(bytes: Uint8Array, from: number, length: number, shift: number, room: number): void {
    const { control } = this;
    control[Control.shift] = shift;
    control[Control.room] = room;
    const { addon, handle, rows, writer } = this;
    for (const room of [SPAN_ROOM, MOST_ROOM]) {
      const encoder = writer.room(room);
      addon.scan(handle, bytes, from, length, encoder.bytes, encoder.length, rows);
      encoder.length = control[Control.out]!;
      if (control[Control.consumed]! > from) return;
    }
    throw new Error('BUG: records are not taken');
  }

  /** A row other than a slow one. @param at its first word @param time of its record */
  row(at: number, time: number): void {
    const { rows } = this;
    const one = this.followed[rows[at + Row.slot]!]!;
    const { flow, session, request } = one;
    const what = rows[at + Row.what]!;
    if (what === RowKind.request) {
      this.host.origin(one.asked);
      request.start = time;
      one.answering = false;
      flow.begun(0, request);
      return;
    }
    if (!one.answering) this.host.origin(one.answered);
    if (what === RowKind.answer) {
      one.answering = true;
      flow.answering(0, request);
      return;
    }
    this.host.settle(flow, session);
    this.place(one, at);
  }

  /** A session of this flow is over: perhaps it is plain from now on. */
  offer(flow: SocketFlow, start: number): void {
    if (flow.slot >= 0 || !flow.tcp || flow.l7.protocol?.name !== 'http') return;
    if (flow.patience > 0) flow.patience--;
    else this.candidates.set(flow, start);
  }

  /** Between two batches: follows sockets that are plain, as it seems. */
  follow(): void {
    for (const [flow, start] of this.candidates) {
      const slot = flow.plain ? this.slot() : -1;
      if (slot >= 0) this.add(slot, flow, start);
    }
    this.candidates.clear();
  }

  /** This flow is not to be followed: it has ended, or another has its socket. */
  forget(flow: SocketFlow | undefined): void {
    if (flow !== undefined) this.candidates.delete(flow);
  }

  /** The socket of a slot is the engine's again; its flow is as it was before what waits. */
  release(slot: number): Released {
    const { flow, asked, request, began } = this.followed[slot]!;
    const records = this.addon.release(this.handle, slot);
    const w = slot * SLOT_WORDS;
    const d = slot * Slot.words;
    const { words, doubles } = this;
    flow.resume(
      words.subarray(w + Slot.next, w + Slot.next + 2),
      words.subarray(w + Slot.acknowledged, w + Slot.acknowledged + 2),
      words[w + Slot.ordinal]!,
      words[w + Slot.lastAcknowledged]!,
    );
    flow.lastSeen = doubles[d + Slot.lastSeen]!;
    const continued = doubles[d + Slot.continued]!;
    const bodyEnd = doubles[d + Slot.bodyEnd]!;
    const run = words[w + Slot.ordinal]! - began;
    this.addon.remove(this.handle, slot);
    this.followed[slot] = undefined;
    this.free.push(slot);
    flow.slot = -1;
    flow.left = run >= PLAIN_RUN ? 1 : flow.left + 1;
    flow.patience = 2 ** Math.min(flow.left, MAX_PATIENCE) - 1;
    if (records.length > 0) flow.adopt(asked, request.chain);
    return { flow, request, records, continued, bodyEnd };
  }

  /** Flows that are followed. */
  *flows(): Iterable<SocketFlow> {
    for (const one of this.followed) if (one !== undefined) yield one.flow;
  }

  /** When a followed flow was seen last. */
  lastSeen(slot: number): number {
    return this.doubles[slot * Slot.words + Slot.lastSeen]!;
  }

  /** Whether a request waits that began before a time. */
  waits(slot: number, before: number): boolean {
    const state = this.words[slot * SLOT_WORDS + Slot.state]!;
    return state === SlotState.waiting && this.doubles[slot * Slot.words + Slot.asked]! <= before;
  }

  private slot(): number {
    const freed = this.free.pop();
    if (freed !== undefined) return freed;
    return this.followed.length < this.slots ? this.followed.push(undefined) - 1 : -1;
  }

  /** @param start of its last session: its names hold */
  private add(slot: number, flow: SocketFlow, start: number): void {
    const { l7 } = flow;
    const { ordinal } = l7;
    const asked = noOrigin();
    const answered = noOrigin();
    const request = new PlainMessage(true, start, 0, 0);
    request.origin = asked;
    request.ended = true;
    const session = new Session(l7, l7.protocol!, request, 0);
    // It is no session of its own.
    l7.ordinal = ordinal;
    session.response = new Message(false, 0, 0, 0);
    session.response.origin = answered;
    const known = this.writer.known(session, this.host.baseSeconds);
    const one = { flow, session, request, asked, answered, began: ordinal, known };
    this.followed[slot] = { ...one, answering: false, template: 1 };
    const w = slot * SLOT_WORDS;
    const { words } = this;
    const { idHigh, idLow } = flow.ends();
    words[w + Slot.socket] = flow.socket;
    words.set(flow.sequences, w + Slot.next);
    words.set(flow.acknowledgements, w + Slot.acknowledged);
    words[w + Slot.lastAcknowledged] = l7.lastAcknowledged;
    words[w + Slot.ordinal] = ordinal;
    words[w + Slot.ports] = flow.localPort | (flow.remotePort << 16);
    words[w + Slot.client] = flow.isClient ? 1 : 0;
    words[w + Slot.idHigh] = idHigh;
    words[w + Slot.idLow] = idLow;
    this.doubles[slot * Slot.words + Slot.lastSeen] = flow.lastSeen;
    this.template(slot, known);
    this.addon.add(this.handle, slot);
    flow.slot = slot;
  }

  private template(slot: number, { bytes, describe }: Known): void {
    const whole = Buffer.concat([bytes, Buffer.from(serverAuthority(describe))]);
    this.addon.template(this.handle, slot, whole, bytes.length);
  }

  /** Gives a span that C wrote to the batch, without chains that were taken back. */
  private place(one: Followed, at: number): void {
    const { rows, writer } = this;
    const slot = rows[at + Row.slot]!;
    const from = rows[at + Row.from]!;
    const to = rows[at + Row.to]!;
    const requestChain = rows[at + Row.requestChain]!;
    const responseChain = rows[at + Row.responseChain]!;
    const { known, asked, answered } = one;
    const now = writer.known(one.session, this.host.baseSeconds, known);
    const noRequest = requestChain > 0 && isNone(asked);
    const noResponse = responseChain > 0 && isNone(answered);
    const same = now === known && rows[at + Row.templateNumber] === one.template;
    if (same && !noRequest && !noResponse) {
      writer.place(known, from, to);
      return;
    }
    const encoder = writer.room(to - from + now.bytes.length + 16);
    const template = from + rows[at + Row.template]!;
    const behind = template + rows[at + Row.templateSize]!;
    const cuts = [template, behind];
    if (noRequest) cuts.push(from + requestChain, from + requestChain + CHAIN_BYTES);
    if (noResponse) cuts.push(from + responseChain, from + responseChain + RESPONSE_CHAIN_BYTES);
    const start = encoder.length;
    rewrite(encoder, from, to, now.bytes, cuts);
    if (now !== known) {
      one.known = now;
      one.template++;
      this.template(slot, now);
    }
    writer.place(now, start, encoder.length);
  }
}

function isNone({ chainHigh, chainLow }: Origin): boolean {
  return chainHigh === 0 && chainLow === 0;
}

/**
 * Writes a span anew behind the others.
 * @param template stands for what the first cut takes out @param cuts start and end in turn
 */
function rewrite(
  encoder: SpanEncoder,
  from: number,
  to: number,
  template: Uint8Array,
  cuts: readonly number[],
): void {
  const { bytes } = encoder;
  // The tag, then the length as a varint.
  let body = from + 1;
  while (bytes[body++]! > 127);
  const opened = encoder.open(bytes[from]!);
  encoder.raw(bytes.subarray(body, cuts[0]!));
  encoder.raw(template);
  for (let i = 1; i < cuts.length; i += 2) {
    encoder.raw(bytes.subarray(cuts[i]!, cuts[i + 1] ?? to));
  }
  encoder.close(opened);
}
