import type { AttributeSet } from '../../pdata/builder.ts';
import { Delay, PerfEvent } from '../flow/perf.ts';
import { type CloseType, closeTypeNumbers, closeTypes } from '../flow/state.ts';
import type { FlowMeters } from '../flow/tracker.ts';
import type { Ends } from '../session/conversation.ts';
import type { PointWriter } from './points.ts';
import { SeriesTable } from './series.ts';

/** What series of network metrics are told apart by. */
export type NetworkGrouping = 'service' | 'path';

interface NetworkOptions {
  /** `service`: a series for each server; `path`: for each client and server. */
  readonly by: NetworkGrouping;
  readonly maxSeries: number;
  /** Where the packets are seen, of which ends. */
  pointOf(ends: Ends): string;
}

const EVENTS = Object.keys(PerfEvent).length;
const DELAYS = Object.keys(Delay).length;
/* Numbers of a series: each of bytes, packets, payload and events for client and server. */
const BYTES = 0;
const PACKETS = 2;
const PAYLOAD = 4;
const OPENED = 6;
const EVENT = 7;
/** Sum in nanoseconds, count and maximum of each delay. */
const DELAY = EVENT + EVENTS * 2;
const CLOSED = DELAY + DELAYS * 3;
const WIDTH = CLOSED + closeTypeNumbers.length;

interface Sided {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly at: number;
}

const sided: readonly Sided[] = [
  { name: 'io', unit: 'By', description: 'Bytes of frames.', at: BYTES },
  { name: 'packets', unit: '{packet}', description: 'Packets.', at: PACKETS },
  { name: 'payload', unit: 'By', description: 'Bytes of TCP and UDP payload.', at: PAYLOAD },
  {
    name: 'retransmissions',
    unit: '{packet}',
    description: 'TCP segments sent again.',
    at: EVENT + PerfEvent.retransmitted * 2,
  },
  {
    name: 'out_of_order',
    unit: '{packet}',
    description: 'TCP segments that came after later ones.',
    at: EVENT + PerfEvent.outOfOrder * 2,
  },
  {
    name: 'zero_windows',
    unit: '{packet}',
    description: 'TCP segments whose sender takes no data.',
    at: EVENT + PerfEvent.zeroWindow * 2,
  },
  { name: 'syn', unit: '{packet}', description: 'TCP SYNs.', at: EVENT + PerfEvent.syn * 2 },
  {
    name: 'syn_ack',
    unit: '{packet}',
    description: 'TCP SYN-ACKs.',
    at: EVENT + PerfEvent.synAck * 2,
  },
  {
    name: 'syn.retransmissions',
    unit: '{packet}',
    description: 'TCP SYNs sent again.',
    at: EVENT + PerfEvent.synRetransmitted * 2,
  },
  {
    name: 'syn_ack.retransmissions',
    unit: '{packet}',
    description: 'TCP SYN-ACKs sent again.',
    at: EVENT + PerfEvent.synAckRetransmitted * 2,
  },
];

const delays: readonly (readonly [delay: Delay, name: string, description: string])[] = [
  [Delay.rtt, 'rtt', 'From the SYN to the ACK that ends the handshake.'],
  [Delay.clientRtt, 'client_rtt', 'From the SYN-ACK to its ACK.'],
  [Delay.serverRtt, 'server_rtt', 'From the SYN to the SYN-ACK.'],
  [Delay.srt, 'srt', 'From data of the client to its acknowledgement.'],
  [Delay.art, 'art', 'From data of the client to data of the server.'],
  [Delay.cit, 'cit', 'From what the server sent last to the next data of the client.'],
];

const PREFIX = 'wirestitch.network.';

/** Network metrics of flows, added up by server, or by client and server. */
export class NetworkMeters implements FlowMeters {
  readonly series: SeriesTable;
  private readonly options: NetworkOptions;

  constructor(options: NetworkOptions) {
    this.options = options;
    this.series = new SeriesTable(WIDTH, options.maxSeries);
  }

  entered(ends: Ends, fresh: boolean): number {
    const series = this.series.of(this.keyOf(ends), () => this.attributesOf(ends));
    this.series.hold(series);
    if (fresh) this.add(series, OPENED, 1);
    return series;
  }

  left(series: number): void {
    this.series.leave(series);
  }

  packet(series: number, fromClient: boolean, bytes: number, payload: number): void {
    const at = series * WIDTH + (fromClient ? 0 : 1);
    const { values } = this.series;
    values[at + BYTES]! += bytes;
    values[at + PACKETS]!++;
    values[at + PAYLOAD]! += payload;
    this.series.touch(series);
  }

  event(series: number, event: PerfEvent, fromClient: boolean): void {
    this.add(series, EVENT + event * 2 + (fromClient ? 0 : 1), 1);
  }

  delay(series: number, delay: Delay, nanos: number): void {
    const at = series * WIDTH + DELAY + delay * 3;
    const { values } = this.series;
    values[at]! += nanos;
    values[at + 1]!++;
    if (nanos > values[at + 2]!) values[at + 2] = nanos;
    this.series.touch(series);
  }

  closed(series: number, type: CloseType): void {
    this.add(series, CLOSED + closeTypeNumbers.indexOf(type), 1);
  }

  /** Writes the points of the series that have changed. */
  write(w: PointWriter): void {
    for (const { name, unit, description, at } of sided) {
      w.sum(PREFIX + name, unit, description);
      for (const side of [0, 1]) {
        const from = { 'wirestitch.flow.sender': side === 0 ? 'client' : 'server' };
        this.each((value, since, attributes) =>
          w.number(value(at + side), since, { ...attributes, ...from }),
        );
      }
    }
    w.sum(`${PREFIX}flows.opened`, '{flow}', 'Flows that began.');
    this.each((value, since, attributes) => w.number(value(OPENED), since, attributes));
    w.sum(`${PREFIX}flows.closed`, '{flow}', 'Flows that ended.');
    this.each((value, since, attributes) => {
      for (const [i, type] of closeTypeNumbers.entries()) {
        const how = { 'wirestitch.flow.close_type': closeTypes[type] };
        w.number(value(CLOSED + i), since, { ...attributes, ...how });
      }
    });
    for (const [delay, name, description] of delays) {
      w.histogram(PREFIX + name, 's', description);
      const at = DELAY + delay * 3;
      this.each((value, since, attributes) =>
        w.distribution(value(at + 1), value(at) / 1e9, value(at + 2) / 1e9, since, attributes),
      );
    }
  }

  private each(
    one: (value: (at: number) => number, since: number, attributes: AttributeSet) => void,
  ): void {
    const { changed, values, since, attributes } = this.series;
    for (const series of changed) {
      const base = series * WIDTH;
      one((at) => values[base + at]!, since[series]!, attributes[series]!);
    }
  }

  private add(series: number, at: number, value: number): void {
    this.series.values[series * WIDTH + at]! += value;
    this.series.touch(series);
  }

  private keyOf(ends: Ends): string {
    const { serverAddress, serverPort, transport, interfaceId } = ends;
    const server = `${interfaceId} ${transport} ${serverAddress} ${serverPort}`;
    return this.options.by === 'path' ? `${server} ${ends.clientAddress}` : server;
  }

  private attributesOf(ends: Ends): AttributeSet {
    const point = this.options.pointOf(ends);
    return {
      ...(this.options.by === 'path' ? { 'client.address': ends.clientAddress } : {}),
      'server.address': ends.serverAddress,
      'server.port': ends.serverPort,
      'network.transport': ends.transport,
      'wirestitch.observation_point': point,
      'wirestitch.capture.interface': ends.interfaceId,
    };
  }
}
