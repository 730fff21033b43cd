import type { Logs } from '../../pdata/batch.ts';
import { type AttributeSet, LogsBuilder } from '../../pdata/builder.ts';
import type { Ends } from '../session/conversation.ts';
import { Attribute } from '../spans/attributes.ts';
import type { EndTags, NamedEnds } from '../tags/types.ts';
import type { DelayStats, FlowRecord, SideRecord } from './record.ts';
import { closeTypes, statusOf } from './state.ts';

/* Field numbers of opentelemetry.proto.logs.v1.LogRecord. */
const TIME = 1;
const SEVERITY_NUMBER = 2;
const SEVERITY_TEXT = 3;
const ATTRIBUTES = 6;
const OBSERVED_TIME = 11;
const EVENT_NAME = 12;

const INFO = 9;
const WARN = 13;

interface FlowLogOptions {
  readonly resource: AttributeSet;
  /** Instrumentation scope: `wirestitch/packet`. */
  readonly scope: string;
  /** Where the packets are seen, of which ends. */
  pointOf(ends: Ends): string;
  /** Who is at both ends at a time, nanoseconds since 1970; absent = nobody knows. */
  readonly namesOf?: (ends: Ends, unixNanos: bigint) => NamedEnds;
}

const SIDES = { client: sideKeys('client'), server: sideKeys('server') };
const DELAYS = {
  clientRtt: delayKeys('client_rtt'),
  serverRtt: delayKeys('server_rtt'),
  srt: delayKeys('srt'),
  art: delayKeys('art'),
  cit: delayKeys('cit'),
};

/**
 * Turns records of flows into OTLP log records named `flow`: `add()` each, then `flush()` for a
 * batch. Used again after that. docs/attributes.md says what a record holds.
 */
export class FlowLogWriter {
  private readonly options: FlowLogOptions;
  private readonly builder = new LogsBuilder();

  constructor(options: FlowLogOptions) {
    this.options = options;
  }

  /** Records added since the last flush. */
  get count(): number {
    return this.builder.itemCount;
  }

  add(r: FlowRecord): void {
    const { builder } = this;
    if (builder.itemCount === 0) {
      builder.resource(this.options.resource);
      builder.scope(this.options.scope);
    }
    const w = builder.writer;
    const opened = builder.openRecord();
    const time = unixNanos(r.baseSeconds, r.until);
    const tcp = r.ends.transport === 'tcp';
    const status = tcp ? statusOf(r.closeType) : 'ok';
    w.bigFixed64Field(TIME, time);
    w.uintField(SEVERITY_NUMBER, status.endsWith('_error') ? WARN : INFO);
    w.stringField(SEVERITY_TEXT, status.endsWith('_error') ? 'WARN' : 'INFO');
    this.ends(r.ends);
    this.names(this.options.namesOf?.(r.ends, time));
    if (r.protocol !== '') this.string(Attribute.protocolName, r.protocol);
    this.int('wirestitch.flow.duration', Math.max(0, r.until - r.from));
    if (r.isNew) builder.attribute(ATTRIBUTES, 'wirestitch.flow.new', true);
    this.string('wirestitch.flow.close_type', closeTypes[r.closeType]);
    this.int('wirestitch.flow.close_number', r.closeType);
    this.string('wirestitch.flow.status', status);
    this.side(SIDES.client, r.client);
    this.side(SIDES.server, r.server);
    this.some('wirestitch.flow.requests', r.requests);
    this.some('wirestitch.flow.responses', r.responses);
    this.some('wirestitch.flow.errors', r.errors);
    if (tcp) this.handshake(r);
    this.delay(DELAYS.art, r.art);
    w.bigFixed64Field(OBSERVED_TIME, time);
    w.stringField(EVENT_NAME, 'flow');
    builder.closeRecord(opened);
  }

  /** The records since the last flush; undefined when there are none. */
  flush(): Logs | undefined {
    return this.builder.itemCount === 0 ? undefined : this.builder.finish();
  }

  private ends(ends: Ends): void {
    this.string(Attribute.flowId, hex32(ends.idHigh) + hex32(ends.idLow));
    this.string(Attribute.transport, ends.transport);
    this.string(Attribute.networkType, ends.ipVersion === 6 ? 'ipv6' : 'ipv4');
    this.string(Attribute.clientAddress, ends.clientAddress);
    this.int(Attribute.clientPort, ends.clientPort);
    this.string(Attribute.serverAddress, ends.serverAddress);
    this.int(Attribute.serverPort, ends.serverPort);
    this.string(Attribute.observationPoint, this.options.pointOf(ends));
    this.int(Attribute.interfaceId, ends.interfaceId);
  }

  private names(named: NamedEnds | undefined): void {
    this.named(Attribute.clientService, Attribute.clientEntity, named?.client);
    this.named(Attribute.serverService, Attribute.serverEntity, named?.server);
  }

  private named(service: string, entity: string, tags: EndTags | undefined): void {
    if (tags === undefined) return;
    this.string(service, tags.service);
    this.builder.attribute(ATTRIBUTES, entity, BigInt.asIntN(64, tags.entityId));
  }

  private side(keys: ReturnType<typeof sideKeys>, s: SideRecord): void {
    this.int(keys.packets, s.packets);
    this.int(keys.bytes, s.bytes);
    this.int(keys.payload, s.payload);
    this.some(keys.retransmissions, s.retransmitted);
    this.some(keys.outOfOrder, s.outOfOrder);
    this.some(keys.zeroWindows, s.zeroWindows);
    this.some(keys.fins, s.fin);
  }

  private handshake(r: FlowRecord): void {
    this.some('wirestitch.flow.syns', r.syn);
    this.some('wirestitch.flow.syn_acks', r.synAck);
    this.some('wirestitch.flow.syn_retransmissions', r.synRetransmitted);
    this.some('wirestitch.flow.syn_ack_retransmissions', r.synAckRetransmitted);
    this.some('wirestitch.flow.rtt', r.rtt);
    this.delay(DELAYS.clientRtt, r.clientRtt);
    this.delay(DELAYS.serverRtt, r.serverRtt);
    this.delay(DELAYS.srt, r.srt);
    this.delay(DELAYS.cit, r.cit);
  }

  private delay(keys: ReturnType<typeof delayKeys>, d: DelayStats): void {
    if (d.count === 0) return;
    this.int(keys.sum, d.sum);
    this.int(keys.count, d.count);
    this.int(keys.max, d.maxMicros * 1000);
  }

  private string(key: string, value: string): void {
    this.builder.attribute(ATTRIBUTES, key, value);
  }

  private int(key: string, value: number): void {
    this.builder.attribute(ATTRIBUTES, key, value);
  }

  /** Zero is what an absent count means. */
  private some(key: string, value: number): void {
    if (value !== 0) this.builder.attribute(ATTRIBUTES, key, value);
  }
}

function sideKeys(side: string) {
  const key = (name: string): string => `wirestitch.flow.${side}.${name}`;
  return {
    packets: key('packets'),
    bytes: key('bytes'),
    payload: key('payload'),
    retransmissions: key('retransmissions'),
    outOfOrder: key('out_of_order'),
    zeroWindows: key('zero_windows'),
    fins: key('fins'),
  };
}

function delayKeys(name: string) {
  const key = (what: string): string => `wirestitch.flow.${name}.${what}`;
  return { sum: key('sum'), count: key('count'), max: key('max') };
}

function unixNanos(baseSeconds: number, nanos: number): bigint {
  const carry = Math.floor(nanos / 1e9);
  return BigInt(baseSeconds + carry) * 1_000_000_000n + BigInt(nanos - carry * 1e9);
}

function hex32(word: number): string {
  return word.toString(16).padStart(8, '0');
}
