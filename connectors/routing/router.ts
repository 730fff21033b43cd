import type { Component } from '../../component/component.ts';
import type { Consumer, Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { ConnectorNext } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { mergeBatches } from '../../pdata/merge.ts';
import { unedited } from '../../pdata/readers/unedited.ts';
import { selectItems } from '../../pdata/select.ts';
import { sendEach } from '../../pipeline/send-each.ts';
import { compileItem, type Decision } from './compile.ts';
import type { Config, TableItem } from './config.ts';
import { Matcher } from './matcher.ts';

interface Route {
  readonly decision: Decision;
  readonly copy: boolean;
  readonly pipelines: readonly string[];
}

/** Sends each item to the pipelines of the first route that takes it, and of those that copy. */
export class RoutingConnector<S extends Signal> implements Component, Consumer<S> {
  readonly mutates = false;
  readonly #settings: Settings;
  readonly #config: Config;
  readonly #next: ConnectorNext<S>;
  readonly #routes: readonly Route[];
  readonly #edits: boolean;

  constructor(settings: Settings, config: Config, next: ConnectorNext<S>) {
    this.#settings = settings;
    this.#config = config;
    this.#next = next;
    this.#routes = routesOf(settings, config.table);
    this.#edits = this.#routes.some(({ decision }) => 'edits' in decision && decision.edits);
  }

  async start(): Promise<void> {}

  async shutdown(): Promise<void> {}

  async consume(batch: Batch<S>, ctx: Context): Promise<void> {
    const items = batch.itemCount;
    if (items === 0) return;
    const own = this.#edits ? batch.editable() : unedited(batch);
    const left = new Uint8Array(items).fill(1);
    const plan = new Plan();
    const matcher = new Matcher<S>(own, ctx);
    let remaining = items;
    for (const route of this.#routes) {
      if (remaining === 0) break;
      const { items: taken, count, failure } = matcher.match(route.decision, left);
      if (failure !== undefined) this.#report(failure);
      if (count === 0) continue;
      plan.add(route.pipelines, taken);
      if (route.copy) continue;
      for (let i = 0; i < items; i += 1) if (taken[i] !== 0) left[i] = 0;
      remaining -= count;
    }
    const { default_pipelines: others } = this.#config;
    if (remaining > 0) plan.add(others, left);
    const unsent = others.length === 0 ? remaining : 0;
    const source = unedited(own);
    const parts = plan.parts(source).map(([id, part]) => ({
      consumer: this.#next.pipelines.get(id)!,
      batch: part,
    }));
    const { ledger } = this.#settings;
    await sendEach(parts, ctx, { ledger, items, unsent, reason: 'no_route' });
  }

  /** @throws PipelineError when failures refuse the batch */
  #report(failure: Error): void {
    const { error_mode: mode } = this.#config;
    if (mode === 'propagate') {
      throw new PipelineError(failure.message, { retryable: true, cause: failure });
    }
    if (mode === 'ignore') {
      this.#settings.logger.debug('A condition failed: the data does not take the route', {
        error: failure,
      });
    }
  }
}

function routesOf(settings: Settings, table: readonly TableItem[]): Route[] {
  const routes = new Map<string, Route>();
  for (const item of table) {
    const { context, condition, pipelines } = item;
    const statement = condition === '' ? item.statement : `route() where ${condition}`;
    const key = `[${context}] ${statement}`;
    if (routes.has(key)) {
      const ignored = `the route with target pipeline(s) "${pipelines.join(', ')}" will be ignored.`;
      const text = JSON.stringify(statement);
      settings.logger.warn(`Statement ${text} already exists in the routing table, ${ignored}`);
      continue;
    }
    const decision = compileItem(item, settings);
    routes.set(key, { decision, copy: item.action === 'copy', pipelines });
  }
  return [...routes.values()];
}

/** Which items go to which pipeline. */
class Plan {
  /** Selections of each pipeline; an item that is in two of them goes there twice. */
  readonly #selections = new Map<string, Uint8Array[]>();

  add(pipelines: readonly string[], items: Uint8Array): void {
    for (const id of pipelines) {
      const known = this.#selections.get(id);
      if (known === undefined) this.#selections.set(id, [items.slice()]);
      else if (!joined(known.at(-1)!, items)) known.push(items.slice());
    }
  }

  /** The batch for each pipeline. */
  parts<S extends Signal>(source: Batch<S>): [id: string, batch: Batch<S>][] {
    const out: [string, Batch<S>][] = [];
    const made: { selection: Uint8Array; batch: Batch<S> | undefined }[] = [];
    for (const [id, selections] of this.#selections) {
      const batches = selections.flatMap((selection) => {
        let known = made.find((one) => same(one.selection, selection));
        if (known === undefined) {
          const batch = selectItems(source, selection);
          known = { selection, batch };
          made.push(known);
        }
        return known.batch === undefined ? [] : [known.batch];
      });
      const [only] = batches;
      if (only === undefined) continue;
      out.push([id, batches.length === 1 ? only : mergeBatches(batches)]);
    }
    return out;
  }
}

/** Adds `items` to a selection that has none of them. @returns false when it has one */
function joined(selection: Uint8Array, items: Uint8Array): boolean {
  for (let i = 0; i < items.length; i += 1) if (items[i] !== 0 && selection[i] !== 0) return false;
  for (let i = 0; i < items.length; i += 1) if (items[i] !== 0) selection[i] = 1;
  return true;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}
