import type { Component } from '../../component/component.ts';
import { background, type Consumer, type Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { selectItems } from '../../pdata/select.ts';
import type { Attempt, Progress, PushBackend } from '../../pipeline/exporter.ts';
import { combined } from '../../pipeline/fanout.ts';
import { Routes } from './assignment.ts';
import type { Config } from './config.ts';
import type { Resolver } from './resolver.ts';
import { Ring } from './ring.ts';
import { type Router, routerFor } from './routes.ts';
import type { Telemetry } from './telemetry.ts';

type Exporter<S extends Signal> = Component & Consumer<S>;

interface BalancerParts<S extends Signal> {
  readonly signal: S;
  readonly settings: Settings;
  readonly config: Config;
  readonly resolver: Resolver;
  readonly telemetry: Telemetry;
  /** Makes the exporter for a backend `host:port`. */
  readonly create: (endpoint: string) => Exporter<S>;
}

/** 1 for each item of a batch that arrived, and what settles with the attempt under way. */
interface Known {
  readonly arrived: Uint8Array;
  running: Promise<void> | undefined;
}

const countOf = (flags: Uint8Array): number => flags.reduce((sum, flag) => sum + flag, 0);

function withPort(endpoint: string): string {
  const bare = endpoint.startsWith('[') ? endpoint.slice(endpoint.indexOf(']')) : endpoint;
  return bare.includes(':') ? endpoint : `${endpoint}:4317`;
}

/** Sends each part of a batch to the backend that the ring has for it. */
export class Balancer<S extends Signal> implements PushBackend<S> {
  readonly #parts: BalancerParts<S>;
  readonly #route: Router<S>;
  #ring = new Ring([]);
  readonly #exporters = new Map<string, Exporter<S>>();
  readonly #leaving = new Set<Promise<void>>();
  /** What is known of batches from attempts before. */
  readonly #known = new WeakMap<Batch<S>, Known>();
  #change: Promise<void> = Promise.resolve();

  constructor(parts: BalancerParts<S>) {
    this.#parts = parts;
    const { random } = parts.settings;
    this.#route = routerFor(parts.signal, parts.config, () => random.float());
  }

  async start(): Promise<void> {
    await this.#parts.resolver.start((endpoints) => {
      this.#change = this.#change.then(() => this.#use(endpoints));
      return this.#change;
    });
  }

  /** Starts what is new, then routes to it, then stops what is gone. */
  async #use(endpoints: readonly string[]): Promise<void> {
    for (const endpoint of new Set(endpoints.map(withPort))) {
      if (this.#exporters.has(endpoint)) continue;
      try {
        const exporter = this.#parts.create(endpoint);
        await exporter.start();
        this.#exporters.set(endpoint, exporter);
      } catch (error) {
        const fields = { endpoint, error: (error as Error).message };
        this.#parts.settings.logger.error('failed to start new exporter for endpoint', fields);
      }
    }
    this.#ring = new Ring(endpoints);
    const wanted = new Set(endpoints.map(withPort));
    for (const [endpoint, exporter] of this.#exporters) {
      if (wanted.has(endpoint)) continue;
      this.#exporters.delete(endpoint);
      this.#leave(endpoint, exporter);
    }
  }

  /** Stops an exporter, which delivers what it holds first, while others go on. */
  #leave(endpoint: string, exporter: Exporter<S>): void {
    const left: Promise<void> = exporter
      .shutdown()
      .catch((error: Error) => {
        const fields = { endpoint, error: error.message };
        this.#parts.settings.logger.warn('Shutdown of an exporter failed', fields);
      })
      .finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }

  async shutdown(): Promise<void> {
    this.#parts.resolver.stop();
    await this.#change;
    for (const [endpoint, exporter] of this.#exporters) this.#leave(endpoint, exporter);
    this.#exporters.clear();
    await Promise.all(this.#leaving);
    this.#parts.telemetry.close();
  }

  async push(batch: Batch<S>, attempt: Attempt): Promise<void> {
    let state = this.#known.get(batch);
    if (state === undefined) {
      state = { arrived: new Uint8Array(batch.itemCount), running: undefined };
      this.#known.set(batch, state);
    }
    // An attempt that was given up may still run, and others may wait for it as this one does.
    while (state.running !== undefined) await state.running;
    const known = state;
    const pushed = this.#push(batch, known.arrived, attempt).finally(() => {
      known.running = undefined;
    });
    known.running = pushed.catch(() => {});
    try {
      await pushed;
    } finally {
      if (attempt.progress !== undefined) attempt.progress.arrived = countOf(known.arrived);
    }
  }

  /** @param arrived 1 for each item that arrived, which this goes on with */
  async #push(batch: Batch<S>, arrived: Uint8Array, attempt: Attempt): Promise<void> {
    const plain = batch.plain();
    const ring = this.#ring;
    const routes = new Routes(plain.itemCount);
    this.#route(plain, routes, (key) => ring.of(key));
    routes.leaveOut(arrived);
    const { client = background.client, deadlineMs, progress } = attempt;
    const ctx: Context = { client, deadlineMs };
    const results = await Promise.allSettled(
      [...routes.parts].map(async ([index, keep]) => {
        const part = selectItems(plain, keep);
        if (part === undefined) return;
        await this.#exporterAt(ring, index).consume(part, ctx);
        for (let i = 0; i < keep.length; i += 1) arrived[i]! |= keep[i]!;
      }),
    );
    const errors = results.flatMap((result) =>
      result.status === 'rejected' ? [PipelineError.from(result.reason)] : [],
    );
    if (errors.length > 0) throw combined(errors);
    if (routes.skipped > 0) this.#leaveOut(routes.skipped, progress);
  }

  #leaveOut(items: number, progress: Progress | undefined): void {
    if (progress !== undefined) {
      progress.leftOut = items;
      progress.leftOutAs = 'no_service_name';
    }
    const text = 'unable to get service name: no attribute service.name. Dropping data.';
    this.#parts.settings.logger.error(text, { dropped_items: items });
  }

  /** The exporter for a backend of the ring, measured. */
  #exporterAt(ring: Ring, index: number): Consumer<S> {
    const endpoint = ring.endpoints[index] ?? '';
    const full = withPort(endpoint);
    const exporter = this.#exporters.get(full);
    if (exporter !== undefined) {
      return { mutates: false, consume: (part, ctx) => this.#send(full, exporter, part, ctx) };
    }
    const message = `couldn't find the exporter for the endpoint ${JSON.stringify(endpoint)}`;
    throw new PipelineError(message, { retryable: true });
  }

  async #send(
    endpoint: string,
    exporter: Exporter<S>,
    part: Batch<S>,
    ctx: Context,
  ): Promise<void> {
    const { clock } = this.#parts.settings;
    const from = clock.monotonicMs();
    const done = (success: boolean) =>
      this.#parts.telemetry.sent(endpoint, clock.monotonicMs() - from, success);
    try {
      await exporter.consume(part, ctx);
    } catch (error) {
      done(false);
      throw error;
    }
    done(true);
  }
}
