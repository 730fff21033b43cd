import type { RemoteInfo } from 'node:dgram';
import type { Settings } from '../../component/settings.ts';
import { openAt } from '../../config/groups/listen.ts';
import { openUdp, type UdpPort } from '../../config/groups/udp.ts';
import { parseEndpoint } from '../../config/schema/index.ts';
import { type LogEncoding, lookUpEncoding } from '../../stanza/encoding.ts';
import type { Intake } from '../../stanza/receiver/intake.ts';
import { type Splitter, splitterMaker, trimEnd, trimStart } from '../../stanza/split.ts';
import { maxPacket, type UdpConfig } from './config.ts';
import { type Messages, type Origin, originOf } from './message.ts';
import { HostNames, plainAddress } from './names.ts';

/** Packets wait in the socket while others are read; so many bytes fit in. */
const receiveBytes = 2 << 20;

/** Packets whose sender's name is being looked up. */
const maxUnnamed = 10_000;

/** Takes messages over UDP. Packets that nothing has room for are dropped and counted. */
export class UdpListener {
  readonly #settings: Settings;
  readonly #config: UdpConfig;
  readonly #messages: Messages;
  readonly #intake: Intake;
  readonly #encoding: LogEncoding;
  readonly #splitter: Splitter;
  readonly #names: HostNames;
  #socket: UdpPort | undefined;
  #unnamed = 0;

  constructor(settings: Settings, config: UdpConfig, messages: Messages, intake: Intake) {
    this.#settings = settings;
    this.#config = config;
    this.#messages = messages;
    this.#intake = intake;
    this.#encoding = lookUpEncoding(config.encoding);
    this.#names = new HostNames(settings.clock);
    const { multiline } = config;
    const options = { encoding: this.#encoding, multiline, flushAtEnd: true, maxSize: maxPacket };
    this.#splitter = splitterMaker(options)();
  }

  /** Port that is listened on. */
  get port(): number {
    return this.#socket?.address.port ?? 0;
  }

  async start(): Promise<void> {
    const { listen_address: at } = this.#config;
    this.#socket = await openAt(JSON.stringify(at), () =>
      openUdp(this.#settings.host, parseEndpoint(at)!, { receiveBytes }, (data, from) =>
        this.#receive(data, from),
      ),
    );
  }

  #receive(data: Buffer, from: RemoteInfo): void {
    if (this.#intake.isFull) {
      this.#drop('queue_full');
      return;
    }
    if (!this.#config.add_attributes) {
      this.#take(data, undefined);
      return;
    }
    const peer = plainAddress(from.address);
    const bound = this.#socket!.address;
    const host = plainAddress(bound.address);
    const [peerName, hostName] = [this.#names.get(peer), this.#names.get(host)];
    const origin = (a: string, b: string) =>
      originOf(
        'IP.UDP',
        { ip: peer, port: from.port, name: a },
        { ip: host, port: bound.port, name: b },
      );
    if (peerName !== undefined && hostName !== undefined) {
      this.#take(data, origin(peerName, hostName));
      return;
    }
    if (this.#unnamed >= maxUnnamed) {
      this.#drop('queue_full');
      return;
    }
    this.#unnamed += 1;
    void Promise.all([this.#names.find(peer), this.#names.find(host)]).then(([a, b]) => {
      this.#unnamed -= 1;
      this.#take(data, origin(a, b));
    });
  }

  #drop(reason: string): void {
    this.#settings.ledger.dropped(reason, 1);
    this.#settings.logger.error('The pipeline is too slow, packets are dropped', { reason });
  }

  #take(packet: Buffer, origin: Origin | undefined): void {
    let stop = packet.length;
    while (stop > 0 && packet[stop - 1]! < 32) stop -= 1;
    const data = packet.subarray(0, stop);
    if (this.#config.one_log_per_packet) {
      this.#messages.add(this.#encoding.decode(data), stop, origin);
    } else this.#cut(data, origin);
    this.#messages.end();
  }

  #cut(data: Buffer, origin: Origin | undefined): void {
    const s = this.#splitter;
    const keep = this.#config;
    let at = 0;
    for (const whole of [false, true]) {
      while (s.next(data, at, data.length, whole) && s.end > at) {
        const to = keep.preserve_trailing_whitespaces ? s.to : trimEnd(data, s.from, s.to);
        const from = keep.preserve_leading_whitespaces ? s.from : trimStart(data, s.from, to);
        this.#messages.add(this.#encoding.decode(data.subarray(from, to)), to - from, origin);
        at = s.end;
      }
    }
  }

  async stop(): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    await socket?.close();
  }
}
