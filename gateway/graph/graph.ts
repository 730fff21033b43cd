import type { Component } from '../../component/component.ts';
import type { Extension } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { fanout } from '../../pipeline/fanout.ts';
import { fanoutNode } from '../../pipeline/ledger.ts';
import { namesExtension, samePlan } from './compare.ts';
import type { Environment } from './environment.ts';
import { type NodeMeter, nodeMeter } from './node-metrics.ts';
import type { AnyConsumer, NodePlan } from './plan.ts';
import { settingsFor } from './settings.ts';
import { Port, Slot } from './switch.ts';

/** An instance of a plan. */
interface Live {
  /** Of an instance that was kept: the plan of the newest configuration. */
  plan: NodePlan;
  readonly component: Component & Partial<AnyConsumer>;
  readonly ports: ReadonlyMap<string, Port>;
  readonly meter: NodeMeter | undefined;
  /** For whom it listens. */
  readonly holder: { readonly name: string; leaving: boolean };
  running: boolean;
  /** It could not start, and holds what it took over from another that is gone. */
  holds: boolean;
  /** An extension that was told that all pipelines run. */
  ready: boolean;
}

/** What a change did, names of nodes. */
export interface Changes {
  readonly started: readonly string[];
  readonly replaced: readonly string[];
  readonly stopped: readonly string[];
  readonly kept: number;
}

/**
 * The running instances. A change keeps what both configurations want, puts new instances in the
 * place of others while their senders wait, and goes back when something cannot start.
 */
export class Graph {
  /** Started extensions by id. */
  readonly extensions: Map<string, Extension>;
  readonly #env: Environment;
  readonly #slots = new Map<string, Slot>();
  /** In start order. */
  #live = new Map<string, Live>();
  #plans: readonly NodePlan[] = [];
  /** Instances that were replaced and are not yet shut down. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(env: Environment, extensions: Map<string, Extension>) {
    this.#env = env;
    this.extensions = extensions;
  }

  /**
   * Makes what runs be what `plans` say.
   * @throws Error that names what cannot start; then what ran before runs again
   */
  async change(plans: readonly NodePlan[]): Promise<Changes> {
    const before = this.#plans;
    try {
      const changes = await this.#apply(plans);
      this.#plans = plans;
      return changes;
    } catch (error) {
      await this.#goBack(before);
      throw error;
    }
  }

  async #goBack(plans: readonly NodePlan[]): Promise<void> {
    try {
      await this.#apply(plans);
    } catch (error) {
      const message = `cannot go back to the configuration before: ${text(error)}`;
      this.#env.host.fatal(new Error(message, { cause: error }));
    }
  }

  /** Whether a running instance edits data. @param name of its node */
  mutates(name: string): boolean {
    return this.#live.get(name)?.component.mutates === true;
  }

  /** Receivers first, extensions last. @throws AggregateError of the faults */
  async shutdown(): Promise<void> {
    for (const live of this.#live.values()) await this.#unready(live);
    const errors = await this.#stop([...this.#live.values()].reverse());
    this.#plans = [];
    await Promise.all(this.#leaving);
    if (errors.length > 0) throw new AggregateError(errors, 'cannot shut down in full');
  }

  async #apply(plans: readonly NodePlan[]): Promise<Changes> {
    const moved = this.#movedExtensions(plans);
    const wanted = plans.filter((plan) => !this.#keeps(plan, moved));
    const fresh = new Map(wanted.map((plan) => [plan.name, this.#make(plan)]));
    const names = new Set(plans.map(({ name }) => name));
    const removed = [...this.#live.values()].filter(({ plan }) => !names.has(plan.name));
    const replaced = [...fresh.keys()].filter((name) => this.#live.has(name));
    const started = [...fresh.keys()].filter((name) => !this.#live.has(name));
    // What goes gives its addresses up to what comes.
    for (const { holder, plan } of this.#live.values()) {
      holder.leaving = fresh.has(plan.name) || !names.has(plan.name);
    }
    const isReceiver = ({ plan }: Live): boolean => plan.component.kind === 'receiver';
    await this.#release(moved, new Set([...replaced, ...removed.map(({ plan }) => plan.name)]));
    const waiting = [...fresh.values()];
    for (const one of waiting.filter((live) => !isReceiver(live))) await this.#enter(one, fresh);
    for (const plan of plans.filter(({ name }) => !fresh.has(name))) this.#keep(plan);
    for (const one of waiting.filter(isReceiver)) await this.#enter(one, fresh);
    for (const live of removed) await this.#unready(live);
    for (const error of await this.#stop(removed.reverse())) {
      this.#env.logger.warn('Shutdown failed', { error });
    }
    for (const { plan } of removed) this.#env.statuses.forget(plan.name);
    this.#live = new Map(plans.map(({ name }) => [name, this.#live.get(name)!]));
    for (const live of fresh.values()) await this.#ready(live);
    const stopped = removed.map(({ plan }) => plan.name);
    return { started, replaced, stopped, kept: plans.length - fresh.size };
  }

  #keeps(plan: NodePlan, moved: ReadonlySet<string>): boolean {
    const live = this.#live.get(plan.name);
    if (live === undefined || !live.running || !samePlan(live.plan, plan)) return false;
    return !namesExtension(plan.config, moved);
  }

  /** Ids of extensions that run and will not, or not as they are. */
  #movedExtensions(plans: readonly NodePlan[]): ReadonlySet<string> {
    const wanted = new Map(plans.map((plan) => [plan.name, plan]));
    const moved = new Set<string>();
    for (const { plan, running } of this.#live.values()) {
      if (plan.component.kind !== 'extension') continue;
      const next = wanted.get(plan.name);
      if (!running || next === undefined || !samePlan(plan, next)) moved.add(plan.component.id);
    }
    return moved;
  }

  #make(plan: NodePlan): Live {
    const ports = new Map(plan.outputs.map(({ key }) => [key, new Port()]));
    const { kind, id } = plan.component;
    const holder = { name: plan.name, leaving: false };
    const settings: Settings = settingsFor(this.#env, kind, id, holder, plan.fields);
    const meter = nodeMeter(plan, this.#env);
    const outputs = new Map(
      Array.from(ports, ([key, port]) => [key, meter === undefined ? port : meter.output(port)]),
    );
    return {
      plan,
      component: plan.create(settings, outputs),
      ports,
      meter,
      holder,
      running: false,
      holds: false,
      ready: false,
    };
  }

  #keep(plan: NodePlan): void {
    const live = this.#live.get(plan.name)!;
    live.plan = plan;
    this.#bind(live);
  }

  /** Binds the outputs of an instance to the nodes that its plan names. */
  #bind({ plan, ports }: Live): void {
    for (const { key, targets } of plan.outputs) {
      ports.get(key)!.bind(this.#connect(plan.name, targets));
    }
  }

  #connect(from: string, targets: readonly string[]): AnyConsumer {
    const { ledger } = this.#env;
    const [only] = targets;
    if (only !== undefined && targets.length === 1) {
      return fanout([ledger.edge(from, only, this.#slot(only))]);
    }
    const branching = fanoutNode(from); // each branch takes a batch: out is more than in
    ledger.node(branching, 'fanout');
    const edges = targets.map((name) => ledger.edge(branching, name, this.#slot(name)));
    return ledger.edge(from, branching, fanout(edges));
  }

  #slot(name: string): Slot {
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      slot = new Slot();
      this.#slots.set(name, slot);
    }
    return slot;
  }

  /** Stops what uses a store or an engine that is replaced, before that is. */
  async #release(moved: ReadonlySet<string>, going: ReadonlySet<string>): Promise<void> {
    const exclusive = new Set([...moved].filter((id) => isExclusive(this.extensions.get(id))));
    for (const live of [...this.#live.values()].reverse()) {
      const { plan } = live;
      if (!going.has(plan.name) || plan.component.kind === 'extension') continue;
      if (!namesExtension(plan.config, exclusive)) continue;
      this.#slot(plan.name).close();
      await this.#end(live);
    }
  }

  /** Starts an instance, in the place of the one with its name if there is one. */
  async #enter(live: Live, fresh: Map<string, Live>): Promise<void> {
    const { plan } = live;
    this.#bind(live);
    const old = this.#live.get(plan.name);
    const previous = old?.running === true || old?.holds === true ? old : undefined;
    if (plan.component.kind === 'receiver' || plan.component.kind === 'extension') {
      await this.#overlap(live, previous, fresh);
      return;
    }
    const slot = this.#slot(plan.name);
    if (old !== undefined) slot.close();
    const took = previous !== undefined && live.component.takeOver !== undefined;
    if (took) await live.component.takeOver!(previous.component);
    else if (previous !== undefined) await this.#end(previous);
    try {
      await this.#start(live, took);
    } finally {
      if (took) await this.#end(previous!);
    }
    const consumer = live.component as AnyConsumer;
    slot.open(live.meter === undefined ? consumer : live.meter.input(consumer));
  }

  /**
   * Starts a receiver or an extension beside the one that it replaces, which is stopped after;
   * where they cannot be there at once (a port, a folder), before.
   */
  async #overlap(live: Live, previous: Live | undefined, fresh: Map<string, Live>): Promise<void> {
    const { plan } = live;
    const isExtension = plan.component.kind === 'extension';
    if (previous !== undefined && isExtension) {
      await this.#unready(previous);
      if (isExclusive(previous.component as Extension)) await this.#end(previous);
    }
    let current = live;
    try {
      await this.#start(current);
    } catch (error) {
      if (previous?.running !== true) throw error;
      await this.#end(previous);
      current = this.#make(plan);
      fresh.set(plan.name, current);
      this.#bind(current);
      await this.#start(current);
    }
    if (isExtension) this.extensions.set(plan.component.id, current.component as Extension);
    if (previous?.running !== true) return;
    // Connections that it has may bring one more request: it goes where the others go.
    this.#bind({ ...current, ports: previous.ports });
    const leaving = this.#end(previous).finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  /** @param holds whether it has taken over something that would be lost with it */
  async #start(live: Live, holds = false): Promise<void> {
    const { name } = live.plan;
    const { statuses } = this.#env;
    statuses.set(live.plan, 'StatusStarting');
    try {
      await live.component.start();
    } catch (error) {
      statuses.set(live.plan, 'StatusPermanentError', text(error));
      if (holds) {
        live.holds = true;
        this.#live.set(name, live);
      } else await live.component.shutdown().catch(() => {});
      throw new Error(`cannot start ${name}: ${text(error)}`, { cause: error });
    }
    live.running = true;
    this.#live.set(name, live);
    statuses.started(name);
  }

  /** Shuts down what is replaced; what goes wrong is logged. */
  async #end(live: Live): Promise<void> {
    live.running = false;
    live.holds = false;
    try {
      await live.component.shutdown();
    } catch (error) {
      this.#env.logger.warn('Shutdown failed', { component: live.plan.name, error });
    }
  }

  /** Shuts down for good, in the order given, past faults. */
  async #stop(lives: readonly Live[]): Promise<Error[]> {
    const errors: Error[] = [];
    for (const live of lives) {
      const { name, component } = live.plan;
      this.#env.statuses.set(live.plan, 'StatusStopping');
      try {
        if (live.running || live.holds) await live.component.shutdown();
      } catch (error) {
        errors.push(new Error(`cannot shut down ${name}: ${text(error)}`, { cause: error }));
      }
      this.#env.statuses.set(live.plan, 'StatusStopped');
      live.running = false;
      this.#live.delete(name);
      this.#slots.get(name)?.open(undefined);
      this.#slots.delete(name);
      if (component.kind === 'extension') this.extensions.delete(component.id);
    }
    return errors;
  }

  async #ready(live: Live): Promise<void> {
    if (live.plan.component.kind !== 'extension') return;
    live.ready = true;
    await (live.component as Extension).ready?.();
  }

  async #unready(live: Live): Promise<void> {
    if (!live.ready) return;
    live.ready = false;
    try {
      await (live.component as Extension).notReady?.();
    } catch (error) {
      this.#env.logger.warn('Extension failed', { component: live.plan.name, error });
    }
  }
}

/** Whether two of an extension cannot be there at once: it owns files. */
function isExclusive(extension: Extension | undefined): boolean {
  const { storage, engine } = extension?.capabilities ?? {};
  return storage !== undefined || engine !== undefined;
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
