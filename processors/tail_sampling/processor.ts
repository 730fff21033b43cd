import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { OwnSpan, Settings, Timer } from '../../component/settings.ts';
import type { Traces } from '../../pdata/batch.ts';
import { eachResource, type SpanGrouper } from '../../pipeline/traces/grouper.ts';
import { Outbox } from '../../pipeline/traces/outbox.ts';
import type { Config } from './config.ts';
import { Decider, type NamedPolicy } from './decide.ts';
import { createPolicy, type PolicyContext, usesPolicy } from './policies/create.ts';
import { Recorder } from './recorder.ts';
import { Sampler } from './sampler.ts';
import { SamplerState } from './state.ts';
import { type TailTelemetry, type Tally, tailTelemetry } from './telemetry.ts';

const tickMs = 1000;
/** Bytes that wait to be sent on before senders wait. */
const outboxBytes = 4 * 2 ** 20;

/** Time and senders around a {@link Sampler}. */
export class TailSampling implements Component, Consumer<'traces'> {
  readonly mutates = false;
  readonly #config: Config;
  readonly #settings: Settings;
  readonly #outbox: Outbox;
  #sampler: Sampler | undefined;
  #state: SamplerState | undefined;
  #named: readonly NamedPolicy[] | undefined;
  #decider: Decider | undefined;
  #recorder: Recorder | undefined;
  #telemetry: TailTelemetry | undefined;
  #timer: Timer | undefined;
  #ticking: Promise<void> | undefined;
  #tickAgain = false;
  /** Resolves when the sender that waits for room has its spans taken; others wait for it. */
  #waiting: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #stopping = false;

  constructor(config: Config, settings: Settings, next: Consumer<'traces'>) {
    this.#config = config;
    this.#settings = settings;
    this.#outbox = new Outbox(next, settings);
  }

  async start(): Promise<void> {
    const { clock, random, ledger } = this.#settings;
    const policies = this.#named ?? (await this.#policies());
    this.#state ??= new SamplerState(this.#config, this.#settings);
    const countsBytes = this.#gate('metricstatcountbytessampled');
    const failed = (error: Error) =>
      this.#settings.logger.debug('Sampling policy error', { error: error.message });
    const { sample_on_first_match: firstMatch } = this.#config;
    this.#decider = new Decider(policies, firstMatch, clock, failed, countsBytes);
    const names = this.#decider.policies.map(({ name }) => name);
    if (this.#gate('recordpolicy')) this.#recorder = new Recorder(names);
    const counts = { spans: this.#gate('metricstatcountspanssampled'), bytes: countsBytes };
    const onMemory = () => this.#sampler?.traces ?? 0;
    this.#telemetry = tailTelemetry(this.#settings, names, onMemory, counts);
    this.#sampler = new Sampler(
      this.#config,
      this.#decider,
      this.#state,
      { clock, random },
      {
        telemetry: this.#telemetry,
        dropped: (reason, spans) => ledger.dropped(reason, spans),
        held: (delta) => ledger.held(delta),
      },
      this.#recorder,
    );
    this.#schedule();
  }

  /** Whether a feature gate of the processor is on. */
  #gate(name: string): boolean {
    return this.#settings.gates.enabled(`processor.tailsamplingprocessor.${name}`);
  }

  /** Goes on with the traces of the other, those that wait and those that were decided. */
  async takeOver(previous: Component): Promise<void> {
    if (!(previous instanceof TailSampling)) return;
    this.#named = await this.#policies();
    const state = await previous.#giveUp();
    state?.adapt(this.#config);
    this.#state = state;
  }

  /** Stops without deciding what waits, which the result holds. */
  async #giveUp(): Promise<SamplerState | undefined> {
    const sampler = this.#sampler;
    if (sampler === undefined || this.#stopping) return undefined;
    // senders that wait for room have their spans taken, without a decision
    sampler.overflows = true;
    await this.#stop();
    while (this.#waiting !== undefined) {
      this.#wake?.();
      await this.#waiting;
    }
    await this.#outbox.drained();
    this.#telemetry?.close();
    this.#sampler = undefined;
    return this.#state;
  }

  async #policies(): Promise<NamedPolicy[]> {
    const { clock, random, logger } = this.#settings;
    const configs = this.#config.policies;
    const ottl = usesPolicy(configs, 'ottl_condition')
      ? (await import('./policies/ottl.ts')).ottlCondition
      : undefined;
    const context: PolicyContext = {
      clock,
      random,
      logger,
      ottl,
      chosen: (name) => this.#recorder?.chosen(name),
    };
    const names = new Set<string>();
    return configs.map((config) => {
      const { name, type } = config;
      if (name === '') throw new Error('policy name cannot be empty');
      const quoted = JSON.stringify(name);
      if (names.has(name)) throw new Error(`duplicate policy name ${quoted}`);
      names.add(name);
      try {
        const policy = createPolicy(config, context);
        this.#checkStrategy(name, policy.stateful);
        return { name, isDrop: type === 'drop', policy };
      } catch (error) {
        const { message } = error as Error;
        throw new Error(`failed to create policy evaluator for ${quoted}: ${message}`);
      }
    });
  }

  #checkStrategy(name: string, stateful: boolean): void {
    const { sampling_strategy: strategy } = this.#config;
    if (strategy !== 'span-ingest' || !stateful) return;
    throw new Error(
      `sampling_strategy "${strategy}" requires all policies to be stateless, but policy ${JSON.stringify(name)} is stateful`,
    );
  }

  consume(batch: Traces): Promise<void> {
    const sampler = this.#sampler;
    if (sampler === undefined || this.#stopping) {
      const message = 'cannot take data: the tail sampling processor is not running';
      return Promise.reject(new PipelineError(message, { retryable: true }));
    }
    if (this.#waiting !== undefined) return this.#waiting.then(() => this.consume(batch));
    if (this.#outbox.bytes > outboxBytes) {
      return this.#outbox.drained().then(() => this.consume(batch));
    }
    const refusal = sampler.store.refusal(batch);
    if (refusal !== undefined) return Promise.reject(refusal);
    const groups = groupsOf(batch.ranges());
    for (let i = 0; i < groups.length; i += 1) {
      const { bytes, start, end } = groups[i]!;
      const grouper = sampler.read(bytes, start, end);
      const taken = sampler.take(grouper);
      if (taken === grouper.traceCount) continue;
      const rest = this.#takeRest(sampler, { grouper, taken }, groups.slice(i + 1));
      this.#waiting = rest.finally(() => {
        this.#waiting = undefined;
      });
      return this.#waiting;
    }
    this.#flush(sampler);
    return Promise.resolve();
  }

  /** Takes what is left of a request, waiting for room before each trace that needs it. */
  async #takeRest(
    sampler: Sampler,
    begun: { readonly grouper: SpanGrouper; readonly taken: number },
    groups: readonly Group[],
  ): Promise<void> {
    await this.#takeGroup(sampler, begun.grouper, begun.taken);
    for (const { bytes, start, end } of groups) {
      await this.#takeGroup(sampler, sampler.read(bytes, start, end), 0);
    }
    this.#flush(sampler);
  }

  async #takeGroup(sampler: Sampler, grouper: SpanGrouper, from: number): Promise<void> {
    let next = from;
    for (;;) {
      next = sampler.take(grouper, next);
      if (next === grouper.traceCount) return;
      this.#flush(sampler);
      if (sampler.overflows) continue;
      if (this.#stopping) await this.#decideAll(sampler);
      else await this.#room();
    }
  }

  /** Resolves after the next run of the timer. */
  #room(): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  #flush(sampler: Sampler): Promise<void> {
    const batch = sampler.outgoing.take();
    return batch === undefined ? this.#outbox.drained() : this.#outbox.send(batch);
  }

  #schedule(): void {
    this.#timer = this.#settings.clock.after(tickMs, () => {
      this.#schedule();
      if (this.#ticking !== undefined) this.#tickAgain = true;
      else {
        this.#ticking = this.#tick().catch((error: unknown) => {
          this.#settings.host.fatal(error as Error);
        });
      }
    });
  }

  async #tick(): Promise<void> {
    const sampler = this.#sampler!;
    do {
      this.#tickAgain = false;
      sampler.store.blocks.trim();
      await this.#decide(sampler, () => this.#pause());
      this.#wake?.();
    } while (this.#tickAgain && !this.#stopping);
    this.#ticking = undefined;
  }

  /** Lets others have their turn. */
  #pause(): Promise<void> {
    if (this.#stopping) return Promise.resolve();
    return new Promise((resolve) => void this.#settings.clock.after(0, resolve));
  }

  /** Decides the batch whose time has come, in slices. */
  async #decide(sampler: Sampler, pause: () => Promise<void>): Promise<void> {
    const { clock, tracer } = this.#settings;
    const batch = sampler.nextBatch();
    const own = sampler.isEmpty(batch)
      ? undefined
      : tracer.start('tailsampling.samplingPolicyOnTick', 'internal');
    let busyMs = 0;
    for (;;) {
      const start = clock.monotonicMs();
      const more = sampler.decideSome(batch);
      busyMs += clock.monotonicMs() - start;
      await this.#flush(sampler);
      if (!more) break;
      await pause();
    }
    const { tally, policies } = this.#decider!;
    if (own !== undefined) describeTick(own, tally, policies.length);
    this.#telemetry!.ran(tally, busyMs);
  }

  async #decideAll(sampler: Sampler): Promise<void> {
    for (let n = sampler.batches; n > 0; n -= 1) {
      await this.#decide(sampler, () => Promise.resolve());
    }
  }

  /** Ends the timer, and waits for what it began. */
  async #stop(): Promise<void> {
    this.#stopping = true;
    this.#timer?.cancel();
    await this.#ticking;
  }

  async shutdown(): Promise<void> {
    const sampler = this.#sampler;
    if (sampler === undefined || this.#stopping) return;
    await this.#stop();
    while (this.#waiting !== undefined) {
      this.#wake?.();
      await this.#waiting;
    }
    if (!this.#config.drop_pending_traces_on_shutdown) await this.#decideAll(sampler);
    await this.#outbox.drained();
    sampler.close();
    this.#telemetry?.close();
    this.#sampler = undefined;
  }
}

/** Ends a span of the program's own with what was decided in it. */
function describeTick(span: OwnSpan, tally: Tally, policies: number): void {
  const [, sampled = 0, notSampled = 0, dropped = 0] = tally.global;
  span.set('batch.size', sampled + notSampled + dropped);
  span.set('policy.count', policies);
  span.set('policy.errors', tally.errors);
  span.set('decisions.sampled', sampled);
  span.set('decisions.not_sampled', notSampled);
  span.set('decisions.dropped', dropped);
  span.end(tally.errors > 0 ? `${tally.errors} policy evaluation errors` : undefined);
}

/** A ResourceSpans of a request. */
interface Group {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

function groupsOf(ranges: readonly Uint8Array[]): Group[] {
  const groups: Group[] = [];
  for (const bytes of ranges) {
    eachResource(bytes, (start, end) => groups.push({ bytes, start, end }));
  }
  return groups;
}
