import { isClientSide, type ObservationPoint } from '../../wire/observation/points.ts';
import { hostPort } from '../address.ts';
import type { DescribeOptions } from '../l7/protocol.ts';
import type { Ends, Vantage } from '../session/conversation.ts';
import type { Session } from '../session/session.ts';
import type { EndTags, NamedEnds, TagValue } from '../tags/types.ts';
import { Attribute, AttributeKey } from './attributes.ts';
import type { Key, SpanEncoder } from './encoder.ts';
import type { Group, Resource, SpanGroups } from './groups.ts';
import type { SpanOptions } from './options.ts';

/** Conversations whose bytes are kept; the older of two with like ids goes for a new one. */
const SLOTS = 4096;
/** Nanoseconds of the capture for which names of both ends, or of one, are not asked for again. */
const NAMED = 1e9;
const HALF_NAMED = 5e7;
/** Nanoseconds that the process at the other end is believed to hold its connection still. */
const HELD = 30e9;

const NOBODY: NamedEnds = { client: undefined, server: undefined };

/** What all spans of a conversation have in common. It does not change once made. */
export interface Known {
  readonly ends: Ends;
  readonly protocol: string;
  readonly vantage: Vantage | undefined;
  readonly named: NamedEnds;
  readonly describe: DescribeOptions;
  /** Attributes of the ends, the place of capture and the names, encoded. */
  readonly bytes: Uint8Array;
  readonly group: Group;
  /** Time until which `named` holds: seconds since 1970, and nanoseconds relative to them. */
  untilSeconds: number;
  until: number;
  /** When it was asked who holds the connection; relative to `untilSeconds`. */
  asked: number;
}

/** Makes what the spans of a conversation have in common once, not for each. */
export class KnownConversations {
  private readonly options: SpanOptions;
  private readonly encoder: SpanEncoder;
  private readonly groups: SpanGroups;
  private readonly slots: (Known | undefined)[] = new Array(SLOTS).fill(undefined);

  /** @param encoder in which bytes are made; it is left as it was */
  constructor(options: SpanOptions, encoder: SpanEncoder, groups: SpanGroups) {
    this.options = options;
    this.encoder = encoder;
    this.groups = groups;
  }

  /** Whether what is known of a conversation holds for a session of it that began at `start`. */
  holds(known: Known, baseSeconds: number, start: number): boolean {
    const { untilSeconds, until } = known;
    return baseSeconds === untilSeconds && start < until && start >= until - NAMED;
  }

  /** @param baseSeconds seconds since 1970 that the session's times are relative to */
  of(session: Session, baseSeconds: number): Known {
    const { conversation } = session;
    const ends = conversation.ends();
    const vantage = conversation.vantage?.();
    let slot = ends.idLow & (SLOTS - 2);
    if (this.slots[slot]?.ends !== ends && this.slots[slot + 1]?.ends === ends) slot++;
    const old = this.slots[slot];
    const { name } = session.protocol;
    const same =
      old !== undefined &&
      old.ends === ends &&
      old.protocol === name &&
      isSame(old.vantage, vantage);
    const { start } = session;
    if (same && this.holds(old, baseSeconds, start)) {
      this.groups.current(old.group);
      return old;
    }
    const point = vantage?.point ?? this.options.observationPoint;
    const client = isClientSide(point);
    const held =
      same && baseSeconds === old.untilSeconds && Math.abs(start - old.asked) < HELD
        ? old
        : undefined;
    const named = this.named(start, baseSeconds, ends, vantage, client, held?.named);
    const asked = held?.asked ?? start;
    const both = named.client !== undefined && named.server !== undefined;
    const until = start + (both || this.options.names === undefined ? NAMED : HALF_NAMED);
    if (same && named.client === old.named.client && named.server === old.named.server) {
      old.untilSeconds = baseSeconds;
      old.until = until;
      old.asked = asked;
      this.groups.current(old.group);
      return old;
    }
    const known: Known = {
      ends,
      protocol: name,
      vantage,
      named,
      describe: this.describeOptions(ends, client),
      bytes: this.encode(ends, name, point, client, named),
      group: this.group(named, ends, vantage, client),
      untilSeconds: baseSeconds,
      until,
      asked,
    };
    if (old !== undefined && old.ends !== ends) this.slots[slot + 1] = old;
    this.slots[slot] = known;
    return known;
  }

  private describeOptions(ends: Ends, client: boolean): DescribeOptions {
    return {
      client,
      endpointSegments: this.options.endpointSegments,
      serverAddress: ends.serverAddress,
      serverPort: ends.serverPort,
      obfuscate: this.options.obfuscate ?? true,
    };
  }

  /** @param held who held the connection a moment ago: to look for them again would be dear */
  private named(
    start: number,
    baseSeconds: number,
    ends: Ends,
    vantage: Vantage | undefined,
    client: boolean,
    held: NamedEnds | undefined,
  ): NamedEnds {
    const { names } = this.options;
    if (names === undefined) return NOBODY;
    const networkNamespace = vantage?.networkNamespace || undefined;
    const pid = vantage?.pid || undefined;
    const peer = (client ? held?.server : held?.client)?.process?.pid;
    return names.name(
      {
        address: ends.clientAddress,
        port: ends.clientPort,
        networkNamespace,
        pid: client ? pid : peer,
      },
      {
        address: ends.serverAddress,
        port: ends.serverPort,
        networkNamespace,
        pid: client ? peer : pid,
      },
      unixNanos(baseSeconds, start),
      ends.transport,
    );
  }

  private encode(
    ends: Ends,
    protocol: string,
    point: ObservationPoint,
    client: boolean,
    named: NamedEnds,
  ): Uint8Array {
    const e = this.encoder;
    const from = e.length;
    e.string(AttributeKey.protocolName, protocol);
    e.string(AttributeKey.transport, ends.transport);
    e.string(AttributeKey.networkType, ends.ipVersion === 6 ? 'ipv6' : 'ipv4');
    this.address(AttributeKey.clientAddress, ends.clientAddress);
    e.int(AttributeKey.clientPort, ends.clientPort);
    this.address(AttributeKey.serverAddress, ends.serverAddress);
    e.int(AttributeKey.serverPort, ends.serverPort);
    this.address(AttributeKey.peerAddress, client ? ends.serverAddress : ends.clientAddress);
    e.int(AttributeKey.peerPort, client ? ends.serverPort : ends.clientPort);
    e.string(AttributeKey.observationPoint, pointOf(point, ends));
    e.int(AttributeKey.interfaceId, ends.interfaceId);
    e.hex(AttributeKey.flowId, ends.idHigh, ends.idLow);
    if (named.client !== undefined) {
      e.string(AttributeKey.clientService, named.client.service);
      e.bigint(AttributeKey.clientEntity, BigInt.asIntN(64, named.client.entityId));
    }
    if (named.server !== undefined) {
      e.string(AttributeKey.serverService, named.server.service);
      e.bigint(AttributeKey.serverEntity, BigInt.asIntN(64, named.server.entityId));
    }
    const bytes = new Uint8Array(e.length - from);
    bytes.set(e.bytes.subarray(from, e.length));
    e.length = from;
    return bytes;
  }

  /** An address that is not known is absent. */
  private address(key: Key, address: string): void {
    if (address !== '') this.encoder.string(key, address);
  }

  private group(
    named: NamedEnds,
    ends: Ends,
    vantage: Vantage | undefined,
    client: boolean,
  ): Group {
    const self = client ? named.client : named.server;
    const from = self?.process ?? self;
    return this.groups.group(groupKey(self, vantage, ends, client), from, () =>
      this.resource(self, vantage, ends, client),
    );
  }

  private resource(
    self: EndTags | undefined,
    vantage: Vantage | undefined,
    ends: Ends,
    client: boolean,
  ): Resource {
    const resource: Record<string, TagValue> = {};
    Object.assign(resource, this.options.host);
    if (self?.process !== undefined) Object.assign(resource, self.process.attributes);
    else if (self !== undefined) {
      resource[Attribute.serviceName] = self.service;
      resource[Attribute.serviceFrom] = self.serviceFrom;
    } else if (vantage !== undefined && vantage.command !== '') {
      resource[Attribute.serviceName] = vantage.command;
      resource[Attribute.serviceFrom] = 'executable';
      resource[Attribute.executableName] = vantage.command;
    } else {
      resource[Attribute.serviceName] = addressName(ends, client);
      resource[Attribute.serviceFrom] = 'address';
    }
    if (vantage !== undefined) {
      if (vantage.pid !== 0) resource[Attribute.pid] = vantage.pid;
      if (vantage.networkNamespace !== 0) {
        resource[Attribute.networkNamespace] = vantage.networkNamespace;
      }
    }
    resource[Attribute.source] = this.options.source;
    if (this.options.captureName !== '') {
      resource[Attribute.captureName] = this.options.captureName;
    }
    return resource;
  }
}

function isSame(a: Vantage | undefined, b: Vantage | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return (
    a.point === b.point &&
    a.networkNamespace === b.networkNamespace &&
    a.pid === b.pid &&
    a.command === b.command
  );
}

function pointOf(point: ObservationPoint, ends: Ends): ObservationPoint {
  if (point !== 'rest') return point;
  const loopback = ends.serverAddress === '::1' || ends.serverAddress.startsWith('127.');
  return loopback || ends.clientAddress === ends.serverAddress ? 'local' : 'rest';
}

/** Stand-in for the name of an end that nothing is known of. */
function addressName(ends: Ends, client: boolean): string {
  return client ? ends.clientAddress : hostPort(ends.serverAddress, ends.serverPort);
}

function groupKey(
  self: EndTags | undefined,
  vantage: Vantage | undefined,
  ends: Ends,
  client: boolean,
): object | string {
  if (vantage === undefined) return self?.process ?? self ?? addressName(ends, client);
  // A process may have sockets in several namespaces, and be too short to be known.
  return `${self?.entityId ?? vantage.command} ${vantage.pid} ${vantage.networkNamespace}`;
}

function unixNanos(baseSeconds: number, nanos: number): bigint {
  const carry = Math.floor(nanos / 1e9);
  return BigInt(baseSeconds + carry) * 1_000_000_000n + BigInt(nanos - carry * 1e9);
}
