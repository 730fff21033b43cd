import type { Broker, GroupAssignment } from '@platformatic/kafka';
import type { Consumer } from '../../component/consumer.ts';
import { Pause } from '../../component/pause.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { faultText } from '../../pipeline/kafka/errors.ts';
import type { KafkaReceiverConfig } from './config.ts';
import { Fetcher } from './fetch.ts';
import { Group } from './group.ts';
import { Intake } from './intake.ts';
import { firstOffsets, type Place } from './offsets.ts';
import { PartitionReader } from './partition.ts';
import { type KafkaTelemetry, kafkaTelemetry } from './telemetry.ts';

/** Longest and shortest time between attempts to read after an error. */
const pauseMs = { least: 250, most: 5000 } as const;

/** Reads the topics of one signal as a member of the group. */
export class SignalReader<S extends Signal> {
  readonly #signal: S;
  readonly #settings: Settings;
  readonly #config: KafkaReceiverConfig;
  readonly #telemetry: KafkaTelemetry;
  readonly #intake: Intake<S>;
  readonly #partitions = new Map<string, PartitionReader>();
  #group: Group | undefined;
  #fetcher: Fetcher | undefined;
  #running: Promise<void> | undefined;
  #closing = false;
  /** Whether the group has settled: a commit meanwhile would begin another rebalance. */
  #isStable = false;
  readonly #pause: Pause;
  #generation = 0;
  #committing: Promise<void> = Promise.resolve();
  #timer: { cancel(): void } | undefined;

  /** @throws Error for an encoding that the signal does not have */
  constructor(signal: S, settings: Settings, config: KafkaReceiverConfig, next: Consumer<S>) {
    this.#signal = signal;
    this.#settings = settings;
    this.#pause = new Pause(settings.clock);
    this.#config = config;
    this.#telemetry = kafkaTelemetry(settings.meter, signal);
    this.#intake = new Intake(signal, settings, config, next, this.#telemetry);
  }

  async start(): Promise<void> {
    const { report } = this.#settings;
    const group = await Group.create(this.#settings, this.#config, this.#signal, {
      assigned: (assignments) => void this.#assigned(assignments),
      rebalancing: () => {
        this.#isStable = false;
      },
      trouble: (text) => this.#trouble('cannot join the group', text),
      connected: (broker, outcome) =>
        this.#telemetry.connects.add(1, { ...this.#nameOf(broker), outcome }),
      disconnected: (broker) => this.#telemetry.closed.add(1, this.#nameOf(broker)),
    });
    this.#group = group;
    this.#fetcher = new Fetcher(group.consumer, this.#settings, this.#config, this.#telemetry);
    report?.('StatusOK');
    group.run();
    this.#running = this.#run();
    this.#scheduleCommit();
  }

  /** A broker that is configured, by its place; others have numbers that nobody says here. */
  #nameOf({ host, port }: Broker): Readonly<Record<string, string>> {
    const at = this.#config.brokers.findIndex((one) => one.endsWith(`${host}:${port}`));
    return at < 0 ? {} : { node_id: `seed_${at}` };
  }

  #trouble(what: string, error: string): void {
    this.#settings.logger.error(what, { error, signal: this.#signal });
    this.#settings.report?.('StatusRecoverableError', `${what}: ${error}`);
  }

  /** Goes on with partitions that stay, begins with new ones where the group stopped. */
  async #assigned(assignments: readonly GroupAssignment[]): Promise<void> {
    this.#generation += 1;
    this.#isStable = true;
    const generation = this.#generation;
    this.#settings.report?.('StatusOK');
    const wanted = new Map<string, Place>();
    for (const { topic, partitions } of assignments) {
      for (const partition of partitions) wanted.set(`${topic}:${partition}`, { topic, partition });
    }
    for (const [name, reader] of this.#partitions) {
      if (wanted.delete(name)) reader.paused = false;
      else {
        reader.cancel();
        this.#partitions.delete(name);
      }
    }
    this.#pause.end();
    while (wanted.size > 0 && generation === this.#generation && !this.#closing) {
      try {
        const found = await firstOffsets(this.#group!.consumer, [...wanted.values()], this.#config);
        if (generation !== this.#generation || this.#closing) return;
        for (const place of found) this.#begin(place);
        break;
      } catch (error) {
        this.#trouble('cannot find the offsets of the group', faultText(error));
        await this.#wait(pauseMs.least);
      }
    }
    this.#pause.end();
  }

  #begin(place: Place & { readonly offset: bigint }): void {
    const reader = new PartitionReader(
      place,
      this.#settings,
      this.#config,
      this.#telemetry,
      (record, cancelled) => this.#intake.take(record, cancelled),
    );
    this.#partitions.set(`${place.topic}:${place.partition}`, reader);
  }

  async #run(): Promise<void> {
    let waitMs: number = pauseMs.least;
    while (!this.#closing) {
      const ready = [...this.#partitions.values()].filter(({ paused }) => !paused);
      if (ready.length === 0) {
        await this.#wait(pauseMs.most);
        continue;
      }
      try {
        await this.#fetcher!.round(ready);
        if (!this.#config.autocommit.enable) await this.#commit();
        waitMs = pauseMs.least;
      } catch (error) {
        if (this.#closing) return;
        this.#trouble('consumer fetch error', faultText(error));
        this.#group!.consumer.clearMetadata();
        await this.#wait(waitMs);
        waitMs = Math.min(2 * waitMs, pauseMs.most);
      }
    }
  }

  #scheduleCommit(): void {
    const { enable, interval } = this.#config.autocommit;
    if (!enable || this.#closing) return;
    this.#timer = this.#settings.clock.after(Math.max(1, interval), () => {
      void this.#commit().finally(() => this.#scheduleCommit());
    });
  }

  /** Commits what is marked. One at a time; a failure is logged and what it held is marked again. */
  #commit(): Promise<void> {
    this.#committing = this.#committing.then(() => this.#commitMarked());
    return this.#committing;
  }

  async #commitMarked(): Promise<void> {
    const marked = [...this.#partitions.values()].flatMap((reader) => {
      const mark = reader.marked;
      return mark === undefined ? [] : [{ reader, mark }];
    });
    if (marked.length === 0 || this.#group === undefined || !this.#isStable) return;
    const offsets = marked.map(({ reader: { topic, partition }, mark }) => ({
      topic,
      partition,
      offset: mark.offset,
      leaderEpoch: mark.leaderEpoch,
    }));
    try {
      await this.#group.consumer.commit({ offsets });
      for (const { reader, mark } of marked) {
        if (reader.marked === mark) reader.marked = undefined;
      }
    } catch (error) {
      if (!this.#closing) this.#trouble('failed to commit offsets', faultText(error));
    }
  }

  async #wait(ms: number): Promise<void> {
    if (!this.#closing) await this.#pause.wait(ms);
  }

  async shutdown(): Promise<void> {
    this.#closing = true;
    this.#timer?.cancel();
    this.#pause.end();
    for (const reader of this.#partitions.values()) reader.cancel();
    await this.#running;
    await this.#commit();
    this.#partitions.clear();
    const group = this.#group;
    this.#group = undefined;
    await group?.close();
  }
}
