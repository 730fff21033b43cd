import type { AddressInfo } from 'node:net';
import { background, type Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { openAt } from '../../config/groups/listen.ts';
import { openUdp, type UdpPort } from '../../config/groups/udp.ts';
import { parseEndpoint } from '../../config/schema/index.ts';
import { SpanIntake } from '../../pipeline/span-intake.ts';
import { JaegerThrift } from '../../wire/jaeger/thrift.ts';
import { BinaryReader } from '../../wire/thrift/binary.ts';
import { CompactReader } from '../../wire/thrift/compact.ts';
import type { UdpConfig } from './config.ts';

const pollMs = 20;

/** Takes the packets that clients send to an agent. What nothing has room for is dropped. */
export class UdpListener {
  readonly #settings: Settings;
  readonly #config: UdpConfig;
  readonly #compact: boolean;
  readonly #intake: SpanIntake;
  readonly #reader = new JaegerThrift();
  readonly #queue: Buffer[] = [];
  /** Packets that the pipeline has now. */
  #busy = 0;
  #socket: UdpPort | undefined;

  constructor(settings: Settings, config: UdpConfig, next: Consumer<'traces'>, compact: boolean) {
    this.#settings = settings;
    this.#config = config;
    this.#compact = compact;
    const transport = compact ? 'udp_thrift_compact' : 'udp_thrift_binary';
    this.#intake = new SpanIntake(settings, next, transport);
  }

  get address(): AddressInfo {
    return this.#socket!.address;
  }

  async start(): Promise<void> {
    const { endpoint, socket_buffer_size: receiveBytes } = this.#config;
    checkNumbers(this.#config);
    this.#socket = await openAt(endpoint, () =>
      openUdp(this.#settings.host, parseEndpoint(endpoint)!, { receiveBytes }, (data) =>
        this.#receive(data),
      ),
    );
    const kind = this.#compact ? 'Compact' : 'Binary';
    this.#settings.logger.info(`Starting UDP server for ${kind} Thrift`, { endpoint });
  }

  #receive(packet: Buffer): void {
    const { max_packet_size: limit, workers, queue_size: queued } = this.#config;
    if (packet.length > limit) {
      this.#drop('too_large');
    } else if (this.#busy < workers) this.#take(packet);
    else if (this.#queue.length < queued && this.#settings.budget.tryReserve(packet.length)) {
      this.#queue.push(packet);
    } else this.#drop('queue_full');
  }

  /** How many spans are in a packet is not known before it is read. */
  #drop(reason: string): void {
    this.#settings.ledger.dropped(reason, 1);
    this.#settings.logger.error('A packet is dropped', { reason });
  }

  #take(packet: Buffer): void {
    this.#busy += 1;
    const reader = this.#compact ? new CompactReader(packet) : new BinaryReader(packet);
    this.#intake.take(
      () => this.#reader.message(reader),
      background,
      (outcome) => {
        this.#busy -= 1;
        if (outcome.kind === 'refused') {
          this.#settings.ledger.dropped('refused', outcome.spans);
          this.#settings.logger.error('Spans of a packet are lost', {
            error: outcome.error.message,
          });
        } else if (outcome.kind !== 'accepted') {
          this.#settings.logger.error('Cannot take a packet', { error: outcome.text });
        }
        this.#next();
      },
    );
  }

  #next(): void {
    if (this.#busy >= this.#config.workers) return;
    const packet = this.#queue.shift();
    if (packet === undefined) return;
    this.#settings.budget.release(packet.length);
    this.#take(packet);
  }

  /** Takes no more packets and waits for those that are here. */
  async close(drainMs: number): Promise<void> {
    const { clock } = this.#settings;
    const socket = this.#socket;
    this.#socket = undefined;
    await socket?.close();
    const until = clock.monotonicMs() + drainMs;
    while (this.#busy > 0 && clock.monotonicMs() < until) {
      await new Promise<void>((resolve) => {
        clock.after(pollMs, resolve);
      });
    }
    for (const packet of this.#queue.splice(0)) {
      this.#settings.budget.release(packet.length);
      this.#drop('shutdown');
    }
  }
}

/** @throws Error for numbers with which nothing could be received */
function checkNumbers({ workers, queue_size: queue, max_packet_size: size }: UdpConfig): void {
  if (workers < 1) {
    throw new Error(`number of processors must be greater than 0, called with ${workers}`);
  }
  if (queue < 0) throw new Error(`queue_size must not be negative, got ${queue}`);
  if (size < 1) throw new Error(`max_packet_size must be greater than 0, got ${size}`);
}
