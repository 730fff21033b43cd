import type { Component } from '../component/component.ts';
import type { Consumer, Context } from '../component/consumer.ts';
import { PipelineError } from '../component/errors.ts';
import type { Settings } from '../component/settings.ts';
import type { Signal } from '../component/signals.ts';
import type { Batch } from '../pdata/batch.ts';
import type { Backend, SealedBatch, SealingBackend } from './backend.ts';
import { attempt } from './chain/attempt.ts';
import { newDelivery } from './chain/delivery.ts';
import { ShutDown } from './chain/errors.ts';
import { Outcome } from './chain/outcome.ts';
import { Pauses, retry } from './chain/retry.ts';
import type { ExporterConfig } from './config.ts';
import { DiskQueue } from './queue/disk.ts';
import { SendingQueue } from './queue/queue.ts';
import { Sealer } from './queue/sealer.ts';

export type {
  Attempt,
  Backend,
  Progress,
  PushBackend,
  SealedBatch,
  SealingBackend,
} from './backend.ts';

export { NewerForm } from './chain/errors.ts';

/** Time that a queue on disk leaves to deliveries under way before another exporter opens it. */
const handOverMs = 100;

/** Least time that a shutdown leaves to deliveries under way. */
const shutdownMsMin = 10_000;

/** A batch of another exporter that waits for the start of this one. */
interface Inherited<S extends Signal> {
  readonly batch: Batch<S>;
  readonly ctx: Context;
  readonly resolve: (taken: Promise<void>) => void;
}

/**
 * An exporter around a backend: queue, batching, [sealing], telemetry, retries, time-out, attempt.
 * Semantics, defaults and metric names are those of the Go collector's exporterhelper.
 *
 * @param config decoded from `deliveryKeys()`
 * @returns what a factory's `create` gives; `consume` resolves when the queue accepted (on disk,
 *   when it is there), without a queue when the backend confirmed
 */
export function createExporter<S extends Signal, B extends SealedBatch = SealedBatch>(
  signal: S,
  settings: Settings,
  config: ExporterConfig,
  backend: Backend<S, B>,
): Component & Consumer<S> {
  return new Exporter(signal, settings, config, backend as unknown as Backend<S>);
}

class Exporter<S extends Signal> implements Component, Consumer<S> {
  readonly mutates = false;
  readonly #signal: S;
  readonly #settings: Settings;
  readonly #config: ExporterConfig;
  readonly #backend: Backend<S>;
  readonly #pauses: Pauses;
  readonly #outcome: Outcome<S>;
  #queue: SendingQueue<S> | undefined;
  #sealer: Sealer<S> | undefined;
  /** What it inherits need not wait for the start. */
  #ready = false;
  #flying = 0;
  #whenIdle: (() => void) | undefined;
  #state: 'created' | 'started' | 'stopped' = 'created';
  #stopped: Promise<void> | undefined;
  /** Takes over what waits here, instead of its being tried once more. */
  #heir: Exporter<S> | undefined;
  readonly #inherited: Inherited<S>[] = [];

  get takes(): ReadonlySet<string> | undefined {
    return 'push' in this.#backend ? undefined : this.#backend.takes;
  }

  constructor(signal: S, settings: Settings, config: ExporterConfig, backend: Backend<S>) {
    const { sending_queue: queue, retry_on_failure: retries, timeout } = config;
    this.#signal = signal;
    this.#settings = settings;
    this.#config = config;
    this.#backend = backend;
    this.#pauses = new Pauses(settings);
    const once = attempt(backend, settings.clock, timeout, settings.ledger);
    const persistent = queue?.storage !== undefined;
    const onlyCopy = queue !== undefined && !persistent;
    const sender =
      retries === undefined
        ? once
        : retry(settings, retries, this.#pauses, () => onlyCopy && this.#heir === undefined, once);
    const failed = queue === undefined || queue.wait_for_result ? 'refused' : 'dropped';
    const { attributes = {} } = backend;
    const parts = { signal, settings, failed, kept: persistent, attributes } as const;
    this.#outcome = new Outcome(parts, sender);
  }

  async start(): Promise<void> {
    if (this.#state !== 'created') throw new Error('BUG: exporter started twice');
    this.#state = 'started';
    await this.#backend.start?.(this.#settings.host);
    const { sending_queue: config } = this.#config;
    const disk = config?.storage === undefined ? undefined : await this.#openDisk(config.storage);
    if (!('push' in this.#backend)) {
      const backend: SealingBackend<S, SealedBatch> = this.#backend;
      this.#sealer = new Sealer(backend, this.#settings, disk, this.#pauses);
    }
    if (config !== undefined) {
      this.#queue = new SendingQueue({
        signal: this.#signal,
        settings: this.#settings,
        config,
        outcome: this.#outcome,
        pauses: this.#pauses,
        disk,
        sealer: this.#sealer,
      });
      await this.#queue.start();
    }
    this.#ready = true;
    this.#passOn((batch, ctx) => this.#inherit(batch, ctx));
  }

  /**
   * Takes the batches that wait in the memory of another exporter; those that it has under way
   * come here when they fail. A queue on disk is closed by the other and opened here.
   */
  async takeOver(previous: Component): Promise<void> {
    if (!(previous instanceof Exporter)) return;
    await (previous as Exporter<S>).#handOver(this);
  }

  async #handOver(heir: Exporter<S>): Promise<void> {
    this.#heir = heir;
    this.#passOn((batch, ctx) => heir.#inherit(batch, ctx));
    if (this.#config.sending_queue?.storage !== undefined) {
      this.#stopped ??= this.#stop(handOverMs);
      await this.#stopped;
    } else this.#queue?.handOver((batch, ctx) => this.#heir!.#inherit(batch, ctx));
  }

  #inherit(batch: Batch<S>, ctx: Context): Promise<void> {
    if (this.#heir !== undefined) return this.#heir.#inherit(batch, ctx);
    if (this.#state === 'stopped') return Promise.reject(new ShutDown());
    if (this.#ready) return this.#queue?.adopt(batch, ctx) ?? this.#deliverNow(batch, ctx);
    this.#settings.ledger.held(batch.itemCount);
    return new Promise((resolve) => void this.#inherited.push({ batch, ctx, resolve }));
  }

  /** Ends the wait of what was inherited before the start. */
  #passOn(take: (batch: Batch<S>, ctx: Context) => Promise<void>): void {
    for (const { batch, ctx, resolve } of this.#inherited.splice(0)) {
      this.#settings.ledger.held(-batch.itemCount);
      resolve(take(batch, ctx));
    }
  }

  consume(batch: Batch<S>, ctx: Context): Promise<void> {
    if (this.#state !== 'started') return Promise.reject(new ShutDown());
    if (batch.itemCount === 0) return Promise.resolve();
    let own: Batch<S>;
    try {
      own = this.#own(batch);
    } catch (thrown) {
      return Promise.reject(PipelineError.from(thrown));
    }
    const queue = this.#queue;
    const done = queue === undefined ? this.#deliverNow(own, ctx) : queue.consume(own, ctx);
    return own === batch ? done : done.catch((error) => this.#lost(error));
  }

  #lost(error: unknown): never {
    if ('lost' in this.#backend) this.#backend.lost?.();
    throw error;
  }

  #own(batch: Batch<S>): Batch<S> {
    const backend = this.#backend;
    if ('push' in backend || backend.own === undefined) return batch;
    return backend.own(batch, this.#settings.clock.unixMs());
  }

  shutdown(): Promise<void> {
    this.#stopped ??= this.#stop(Math.max(shutdownMsMin, 2 * this.#config.timeout));
    return this.#stopped;
  }

  async #stop(boundMs: number): Promise<void> {
    this.#state = 'stopped';
    this.#pauses.stop();
    this.#passOn(() => Promise.reject(new ShutDown()));
    try {
      await this.#queue?.shutdown(boundMs);
      if (this.#flying > 0) await this.#landed(boundMs);
    } finally {
      this.#outcome.close();
      await this.#backend.shutdown?.();
    }
  }

  #landed(boundMs: number): Promise<void> {
    return new Promise<void>((resolve) => {
      const timer = this.#settings.clock.after(boundMs, resolve);
      this.#whenIdle = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** Delivers while the sender waits. */
  async #deliverNow(batch: Batch<S>, ctx: Context): Promise<void> {
    const piece = { batches: [batch], items: batch.itemCount };
    const delivery = newDelivery<S>(piece, ctx.client, ctx.deadlineMs);
    this.#flying++;
    try {
      await this.#sealer?.seal(delivery, []);
      await this.#outcome.send(delivery);
      this.#settings.ledger.delivered(delivery.items);
    } catch (thrown) {
      throw PipelineError.from(thrown);
    } finally {
      this.#flying--;
      if (this.#flying === 0) this.#whenIdle?.();
    }
  }

  async #openDisk(id: string): Promise<DiskQueue<S>> {
    const { host, logger } = this.#settings;
    const extension = host.extension(id);
    if (extension === undefined) {
      throw new Error(`cannot use storage ${JSON.stringify(id)}: no such extension is started`);
    }
    const { storage } = extension.capabilities;
    if (storage === undefined) {
      throw new Error(`cannot use storage ${JSON.stringify(id)}: it is no storage extension`);
    }
    const log = await storage.log(`exporter_${this.#settings.id}_${this.#signal}`);
    return new DiskQueue(this.#signal, log, logger);
  }
}
