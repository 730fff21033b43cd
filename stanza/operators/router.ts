import { z } from 'zod';
import { type Attributer, attributer } from '../attributer.ts';
import { decodeSection, identity, type OperatorBuilder, unknownKeysOf } from '../build.ts';
import type { Entry } from '../entry/entry.ts';
import { entryCondition } from '../expressions.ts';
import { at, below } from '../fault.ts';
import { BaseOperator, type EntryTarget, Outputs, type Surroundings } from '../operator.ts';

const ids = () => z.union([z.string().transform((id) => [id]), z.array(z.string())]);

const schema = z.looseObject({
  id: z.string().optional(),
  type: z.string(),
  routes: z
    .array(
      z.looseObject({
        expr: z.string().default(''),
        output: ids().default([]),
        attributes: z.record(z.string(), z.string()).default({}),
      }),
    )
    .default([]),
  default: ids().optional(),
});

interface Route {
  readonly test: (entry: Entry) => boolean;
  readonly attributer: Attributer | undefined;
  readonly outputIds: readonly string[];
}

/** Sends each entry to the outputs of the first route whose expression is true. */
class Router extends BaseOperator {
  readonly #routes: readonly Route[];
  readonly #targets: readonly Outputs[];

  constructor(id: string, around: Surroundings, routes: readonly Route[]) {
    super(
      id,
      routes.flatMap((route) => route.outputIds),
      around,
    );
    this.#routes = routes;
    this.#targets = routes.map(() => new Outputs());
  }

  override connect(find: (id: string) => EntryTarget): void {
    for (const [i, { outputIds }] of this.#routes.entries()) {
      this.#targets[i]!.connect(outputIds, find);
    }
  }

  process(entries: Entry[]): void {
    const parts: Entry[][] = this.#routes.map(() => []);
    for (const entry of entries) {
      const i = this.#find(entry);
      if (i >= 0) parts[i]!.push(entry);
    }
    for (const [i, part] of parts.entries()) this.#targets[i]!.write(part);
  }

  /** @returns the route's index, -1 = none */
  #find(entry: Entry): number {
    for (let i = 0; i < this.#routes.length; i += 1) {
      const { test, attributer: add } = this.#routes[i]!;
      try {
        if (!test(entry)) continue;
      } catch (error) {
        this.#warn('Running expression returned an error', error);
        continue;
      }
      try {
        add?.add(entry);
        return i;
      } catch (error) {
        this.#warn('Failed to label entry', error);
        return -1;
      }
    }
    return -1;
  }

  #warn(message: string, error: unknown): void {
    const fields = { operator_id: this.id, error: (error as Error).message };
    this.around.logger.warn(message, fields);
  }
}

/** Operator `router`: sends each entry to the outputs of the first route that matches. */
export const router: OperatorBuilder = (section) => {
  const config = decodeSection(schema, section);
  const routes: Route[] = config.routes.map((route, i) => ({
    test: at(['routes', i, 'expr'], () => entryCondition(route.expr)),
    attributer: below(['routes', i], () => attributer('attributes', route.attributes)),
    outputIds: route.output,
  }));
  if (config.default !== undefined) {
    routes.push({ test: () => true, attributer: undefined, outputIds: config.default });
  }
  const { type, id } = config;
  return {
    ...identity({ type, id, output: routes.flatMap((route) => route.outputIds) }),
    unknownKeys: unknownKeysOf(schema, section),
    create: (unique, _outputs, around) => new Router(unique, around, routes),
  };
};
