import type { CapturedPacket, CaptureLimits } from '../../agent/pcap/packet.ts';
import { defaultCaptureLimits } from '../../agent/pcap/packet.ts';
import { CaptureReader } from '../../agent/pcap/reader.ts';
import { TimeCheck } from '../../agent/pcap/time-check.ts';
import type { EngineStats } from '../../agent/stats.ts';
import { namingOf } from '../../agent/tags/create.ts';
import type { Component } from '../../component/component.ts';
import type { Consumers } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { parseYaml } from '../../config/confmap/index.ts';
import { Capture, type Output } from './capture.ts';
import { captureFiles, chunksOf } from './chunks.ts';
import type { Config } from './config.ts';
import { Counters } from './counters.ts';
import { deliver, Waits } from './deliver.ts';
import { BUSY_MS, LiveCapture } from './live.ts';
import { packetNanos, TimeShift, timesOf } from './replay.ts';
import { isForbidden, loadPacketAddon } from './ring.ts';

/** Bytes read at once when the original timing is kept: pauses fall between reads. */
const PACED_CHUNK = 2048;

/** Milliseconds that live findings wait for a batch to fill. */
const FLUSH_MS = 200;

/** Live batches that may wait for the pipeline; what is found beyond is lost, and counted. */
const MOST_WAITING = 32;

/**
 * Reads capture files, then captures live, and hands on what the packets show: spans of requests,
 * records of flows, metrics.
 */
export class PacketReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #next: Consumers;
  readonly #counters: Counters;
  readonly #capture: Capture;
  #live: LiveCapture | undefined;
  /** Why there is no live capture though it is asked for; '' = there is, or it is not. */
  #lacking = '';
  readonly #waits: Waits;
  readonly #limits: CaptureLimits;
  readonly #shift = new TimeShift();
  /** All files are one stream of packets. */
  readonly #check = new TimeCheck((p) => this.#packet(p));
  readonly #waiting = new Set<Promise<void>>();
  #running: Promise<void> | undefined;
  /** Capture time of the first packet and the moment it was replayed, for the original speed. */
  #origin: { readonly capture: bigint; readonly monotonicMs: number } | undefined;
  #latest = 0n;

  /** @throws Error when live capture is required and this machine or build has none */
  constructor(settings: Settings, config: Config, next: Consumers) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
    this.#counters = new Counters(settings);
    this.#waits = new Waits(settings);
    this.#limits = { ...defaultCaptureLimits, maxPacketBytes: config.max_packet_size };
    this.#live = config.interfaces.length > 0 ? this.#makeLive() : undefined;
    this.#capture = new Capture(settings, config, next, this.#live?.surroundings);
  }

  /**
   * Rejects when a file or an interface is not there. Without rights or addon for live capture it
   * says so and goes on with the files, unless live capture is required.
   */
  async start(): Promise<void> {
    const files = await captureFiles(this.#config.files);
    if (this.#waits.stopped) return;
    this.#open();
    if (this.#lacking !== '') {
      this.#settings.logger.error(`${this.#lacking}; nothing is captured live`);
    }
    this.#running = this.#run(files)
      .catch((error: unknown) => {
        this.#settings.host.fatal(error instanceof Error ? error : new Error(String(error)));
      })
      .finally(() => this.#live?.close());
  }

  async shutdown(): Promise<void> {
    this.#waits.stop();
    await this.#running;
    this.#running = undefined;
  }

  /** Resolves when every file has been read and its findings handed on, or a live capture stopped. */
  async finished(): Promise<void> {
    await this.#running;
  }

  #open(): void {
    try {
      this.#live?.open();
    } catch (error) {
      if (this.#config.required || !isForbidden(error)) throw error;
      this.#lacking = (error as Error).message;
      this.#live = undefined;
    }
  }

  #makeLive(): LiveCapture | undefined {
    const loaded = loadPacketAddon();
    if (loaded.addon === undefined) {
      const why = process.platform === 'linux' ? loaded.why : 'that needs Linux';
      this.#lacking = `cannot capture packets: ${why}`;
      if (this.#config.required) throw new Error(this.#lacking);
      return undefined;
    }
    const naming = namingOf(this.#config.names, {
      clock: this.#settings.clock,
      parse: parseYaml,
      reports: this.#next.logs !== undefined,
    });
    return new LiveCapture(this.#settings, this.#config, this.#counters, loaded.addon, naming);
  }

  async #run(files: readonly string[]): Promise<void> {
    if (files.length > 0) await this.#replayAll(files);
    const live = this.#live;
    if (live === undefined || this.#waits.stopped) return;
    this.#settings.logger.info('packets are captured', { captures: live.names });
    await this.#captureLive(live);
    this.#capture.finish();
    this.#flushLive(1);
    await Promise.all(this.#waiting);
  }

  async #replayAll(files: readonly string[]): Promise<void> {
    await this.#rebase(files);
    for (const file of files) {
      if (this.#waits.stopped) break;
      await this.#replay(file);
    }
    this.#check.end();
    this.#capture.finish();
    await this.#flush(1);
    if (this.#waits.stopped) return;
    const { packets, flowsCreated, sessions, drops } = this.#stats();
    this.#settings.logger.info('capture files are done', {
      files: files.length,
      packets,
      flows: flowsCreated,
      sessions,
      drops,
    });
  }

  async #captureLive(live: LiveCapture): Promise<void> {
    const { clock } = this.#settings;
    const { engine } = this.#capture;
    const sink = (p: CapturedPacket): void => engine.packet(p);
    let flushAt = 0;
    while (!this.#waits.stopped) {
      const wait = live.turn(sink);
      const unixMs = clock.unixMs();
      const seconds = Math.floor(unixMs / 1000);
      // Packets of the last milliseconds may still be in the ring: time must not overtake them.
      if (wait > 0) engine.advance(seconds - 1, Math.floor((unixMs - seconds * 1000) * 1e6));
      const now = clock.monotonicMs();
      if (now >= flushAt) {
        flushAt = now + FLUSH_MS;
        this.#flushLive(1);
      } else if (wait <= BUSY_MS) this.#flushLive(this.#config.max_batch_spans);
      if (wait === 0) await new Promise((resolve) => setImmediate(resolve));
      else await this.#waits.wait(wait);
    }
  }

  #flushLive(least: number): void {
    for (const output of this.#taken(least)) {
      if (this.#waiting.size >= MOST_WAITING) {
        this.#counters.delivered(output.signal, output.batch.itemCount, false, true);
        continue;
      }
      const sent = this.#send(output, true);
      this.#waiting.add(sent);
      void sent.finally(() => this.#waiting.delete(sent));
    }
  }

  async #flush(least: number): Promise<void> {
    for (const output of this.#taken(least)) await this.#send(output, false);
  }

  #stats(): EngineStats {
    const stats = this.#capture.engine.stats();
    const { dropped } = this.#check;
    return dropped === 0
      ? stats
      : { ...stats, drops: { ...stats.drops, time_implausible: dropped } };
  }

  /** Findings, in batches that are not too large. */
  #taken(least: number): Output[] {
    this.#counters.publish(this.#stats());
    this.#counters.overflowed(this.#capture.overflowed);
    const most = this.#config.max_batch_spans;
    return this.#capture.take(least).flatMap((output) => {
      const { signal, batch } = output;
      if (batch.itemCount <= most) return [output];
      return batch.split({ maxItems: most }).map((piece) => ({ signal, batch: piece }));
    });
  }

  async #send(output: Output, live: boolean): Promise<void> {
    const next = this.#next[output.signal];
    if (next === undefined) return;
    const items = output.batch.itemCount;
    const taken = await deliver(output, next, this.#settings, this.#waits);
    this.#counters.delivered(output.signal, items, taken, live);
  }

  async #rebase(files: readonly string[]): Promise<void> {
    if (!this.#config.rebase_time) return;
    const times = await timesOf(files, this.#limits, () => this.#waits.stopped);
    if (times === undefined) return;
    const now = BigInt(Math.round(this.#settings.clock.unixMs() * 1000)) * 1000n;
    this.#shift.set(now - (this.#config.speed === 'max' ? times.last : times.first));
  }

  async #replay(file: string): Promise<void> {
    const reader = new CaptureReader(this.#check.take, this.#limits);
    const paced = this.#config.speed === 'original';
    try {
      for await (const chunk of chunksOf(file, paced ? PACED_CHUNK : undefined)) {
        if (this.#waits.stopped) return;
        reader.push(chunk);
        await this.#flush(paced ? 1 : this.#config.max_batch_spans);
        if (paced) await this.#pause();
      }
      reader.end();
      this.#counters.file('read');
    } catch (error) {
      this.#counters.file('faulty');
      this.#settings.logger.error('a capture file was not read to its end', {
        file,
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  #packet(p: CapturedPacket): void {
    this.#shift.apply(p);
    if (this.#config.speed === 'original') {
      this.#latest = packetNanos(p);
      this.#origin ??= {
        capture: this.#latest,
        monotonicMs: this.#settings.clock.monotonicMs(),
      };
    }
    this.#capture.engine.packet(p);
  }

  /** Waits until as much time has passed as passed in the capture. */
  async #pause(): Promise<void> {
    if (this.#origin === undefined) return;
    const due = Number(this.#latest - this.#origin.capture) / 1e6;
    const passed = this.#settings.clock.monotonicMs() - this.#origin.monotonicMs;
    await this.#waits.wait(due - passed);
  }
}
