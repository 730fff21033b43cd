import { CaptureEngine, defaultEngineLimits } from '../../agent/engine.ts';
import { protocols } from '../../agent/l7/registry.ts';
import type { CapturedPacket, CaptureLimits } from '../../agent/pcap/packet.ts';
import { defaultCaptureLimits } from '../../agent/pcap/packet.ts';
import { CaptureReader } from '../../agent/pcap/reader.ts';
import { SpanWriter } from '../../agent/spans/writer.ts';
import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { captureFiles, chunksOf } from './chunks.ts';
import type { Config } from './config.ts';
import { Counters } from './counters.ts';
import { deliver, Waits } from './deliver.ts';
import { packetNanos, TimeShift, timesOf } from './replay.ts';

/** Bytes read at once when the original timing is kept: pauses fall between reads. */
const PACED_CHUNK = 2048;

/** Replays capture files once and hands on the spans of the requests in them. */
export class PacketReceiver implements Component {
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #next: Consumer<'traces'> | undefined;
  readonly #counters: Counters;
  readonly #engine: CaptureEngine;
  readonly #spans: SpanWriter;
  readonly #waits: Waits;
  readonly #limits: CaptureLimits;
  readonly #shift = new TimeShift();
  #running: Promise<void> | undefined;
  /** Capture time of the first packet and the moment it was replayed, for the original speed. */
  #origin: { readonly capture: bigint; readonly monotonicMs: number } | undefined;
  #latest = 0n;

  constructor(settings: Settings, config: Config, next: Consumer<'traces'> | undefined) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
    this.#counters = new Counters(settings);
    this.#waits = new Waits(settings);
    this.#limits = { ...defaultCaptureLimits, maxPacketBytes: config.max_packet_size };
    this.#spans = new SpanWriter({
      captureName: config.capture_name,
      source: 'packet',
      observationPoint: config.observation_point,
      endpointSegments: config.endpoint_segments,
      obfuscate: config.obfuscate,
    });
    const { flows, streams, sessions } = defaultEngineLimits;
    const limits = {
      ...defaultEngineLimits,
      flows: { ...flows, maxFlows: config.max_flows },
      streams: { ...streams, maxTotalBytes: config.max_reassembly_size },
      sessions: { ...sessions, maxOpen: config.max_open_sessions },
    };
    const seed = settings.random.bytes(4);
    this.#engine = new CaptureEngine(
      {
        protocols: config.protocols.map((name) => protocols[name]()),
        limits,
        separateInterfaces: config.separate_interfaces,
        hashSeed: new DataView(seed.buffer, seed.byteOffset).getUint32(0),
        captureName: config.capture_name,
      },
      (session, baseSeconds) => this.#spans.add(session, baseSeconds),
    );
  }

  /** Rejects when a file is not there. */
  async start(): Promise<void> {
    const files = await captureFiles(this.#config.files);
    if (this.#waits.stopped) return;
    this.#running = this.#run(files).catch((error: unknown) => {
      this.#settings.host.fatal(error instanceof Error ? error : new Error(String(error)));
    });
  }

  async shutdown(): Promise<void> {
    this.#waits.stop();
    await this.#running;
    this.#running = undefined;
  }

  /** Resolves when every file has been read and its spans handed on. */
  async finished(): Promise<void> {
    await this.#running;
  }

  async #run(files: readonly string[]): Promise<void> {
    await this.#rebase(files);
    for (const file of files) {
      if (this.#waits.stopped) break;
      await this.#replay(file);
    }
    this.#engine.finish();
    await this.#flush(1);
    if (this.#waits.stopped) return;
    const { packets, flowsCreated, sessions, drops } = this.#engine.stats();
    this.#settings.logger.info('capture files are done', {
      files: files.length,
      packets,
      flows: flowsCreated,
      sessions,
      drops,
    });
  }

  async #rebase(files: readonly string[]): Promise<void> {
    if (!this.#config.rebase_time) return;
    const times = await timesOf(files, this.#limits, () => this.#waits.stopped);
    if (times === undefined) return;
    const now = BigInt(Math.round(this.#settings.clock.unixMs() * 1000)) * 1000n;
    this.#shift.set(now - (this.#config.speed === 'max' ? times.last : times.first));
  }

  async #replay(file: string): Promise<void> {
    const reader = new CaptureReader((p) => this.#packet(p), this.#limits);
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
    this.#engine.packet(p);
  }

  /** Waits until as much time has passed as passed in the capture. */
  async #pause(): Promise<void> {
    if (this.#origin === undefined) return;
    const due = Number(this.#latest - this.#origin.capture) / 1e6;
    const passed = this.#settings.clock.monotonicMs() - this.#origin.monotonicMs;
    await this.#waits.wait(due - passed);
  }

  async #flush(least: number): Promise<void> {
    this.#counters.publish(this.#engine.stats());
    if (this.#spans.count < least) return;
    const batch = this.#spans.flush();
    if (batch === undefined || this.#next === undefined) return;
    const most = this.#config.max_batch_spans;
    const pieces = batch.itemCount > most ? batch.split({ maxItems: most }) : [batch];
    for (const piece of pieces) {
      const accepted = await deliver(piece, this.#next, this.#settings, this.#waits);
      if (accepted) this.#counters.accepted(piece.itemCount);
      else this.#counters.refused(piece.itemCount);
    }
  }
}
