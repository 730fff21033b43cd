import type { OperatorBuilder } from './build.ts';
import type { Entry, Origin } from './entry/entry.ts';
import { below, OperatorFault } from './fault.ts';
import type { EntryTarget, Operator, OperatorPlan, Surroundings } from './operator.ts';
import { operators, refused } from './registry.ts';

/** A checked chain of operators. */
export interface PipelinePlan {
  readonly steps: readonly Step[];
}

interface Step {
  readonly plan: OperatorPlan;
  /** Unique in the pipeline. */
  readonly id: string;
  readonly outputIds: readonly string[];
}

/** Stands for the end of the pipeline; no operator can be called so. */
const end = '\0end';

/**
 * Checks the `operators:` of a configuration.
 * @throws OperatorFault whose path begins with the operator's index
 */
export function planPipeline(
  sections: readonly unknown[],
  known: ReadonlyMap<string, OperatorBuilder> = operators,
): PipelinePlan {
  const plans = sections.map((section, i) => below([i], () => planOne(section, known)));
  const ids = uniqueIds(plans);
  const steps = plans.map((plan, i): Step => {
    const given = plan.outputIds ?? [];
    const router = plan.outputIds !== undefined && given.length === 0;
    const outputIds = given.length > 0 || router ? given : [ids[i + 1] ?? end];
    return { plan, id: ids[i]!, outputIds };
  });
  checkLinks(steps);
  return { steps };
}

function planOne(section: unknown, known: ReadonlyMap<string, OperatorBuilder>): OperatorPlan {
  if (typeof section !== 'object' || section === null || Array.isArray(section)) {
    throw new OperatorFault('expected a map with a `type`');
  }
  const { type } = section as { type?: unknown };
  if (type === undefined) throw new OperatorFault("missing required field 'type'");
  if (typeof type !== 'string') {
    throw new OperatorFault(`non-string type ${typeof type} for field 'type'`, ['type']);
  }
  const builder = known.get(type);
  if (builder !== undefined) return builder(section);
  const reason = refused.get(type);
  const why = reason === undefined ? '' : `: ${reason}`;
  throw new OperatorFault(`unsupported type '${type}'${why}`, ['type']);
}

/** Operators without an id of their own are numbered: `noop`, `noop1`, `noop2`. */
function uniqueIds(plans: readonly OperatorPlan[]): string[] {
  const ids = plans.map((plan) => plan.id);
  const seen = new Map<string, number>();
  plans.forEach((plan, i) => {
    if (plan.id !== plan.type) return;
    let n = seen.get(plan.type) ?? 0;
    if (n > 0) {
      while (ids.includes(`${plan.type}${n}`)) n += 1;
      ids[i] = `${plan.type}${n}`;
    }
    seen.set(plan.type, n + 1);
  });
  return ids;
}

function checkLinks(steps: readonly Step[]): void {
  const byId = new Map<string, Step>();
  steps.forEach((step, i) => {
    if (byId.has(step.id)) {
      const message = `operator with id '${step.id}' already exists in pipeline: ensure that each operator has a unique \`type\` or \`id\``;
      throw new OperatorFault(message, [i, 'id']);
    }
    byId.set(step.id, step);
  });
  steps.forEach((step, i) => {
    const seen = new Set<string>();
    for (const id of step.outputIds) {
      if (id !== end && !byId.has(id)) {
        throw new OperatorFault(`operator '${id}' does not exist`, [i, 'output']);
      }
      if (seen.has(id) && step.plan.type !== 'router') {
        const message = `operators cannot be connected, because a connection already exists: '${step.id}' to '${id}'`;
        throw new OperatorFault(message, [i, 'output']);
      }
      seen.add(id);
    }
  });
  checkCycles(steps, byId);
}

function checkCycles(steps: readonly Step[], byId: ReadonlyMap<string, Step>): void {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (id: string, index: number): void => {
    if (id === end || done.has(id)) return;
    const loop = path.indexOf(id);
    if (loop >= 0) {
      const cycle = [...path.slice(loop), id].join(' -> ');
      throw new OperatorFault(`pipeline has a circular dependency: (${cycle})`, [index, 'output']);
    }
    path.push(id);
    for (const output of byId.get(id)!.outputIds) visit(output, index);
    path.pop();
    done.add(id);
  };
  for (const [i, step] of steps.entries()) visit(step.id, i);
}

/** Operators at work. */
export class Pipeline implements EntryTarget {
  readonly #operators: readonly Operator[];
  readonly #first: EntryTarget;

  /** @param target gets what comes out at the end, also between calls of `process` */
  constructor(plan: PipelinePlan, around: Surroundings, target: EntryTarget) {
    this.#operators = plan.steps.map((step) => step.plan.create(step.id, step.outputIds, around));
    const byId = new Map<string, EntryTarget>([[end, target]]);
    for (const operator of this.#operators) byId.set(operator.id, operator);
    for (const operator of this.#operators) operator.connect((id) => byId.get(id)!);
    this.#first = this.#operators[0] ?? target;
    for (const { plan: one, id } of plan.steps) {
      if (one.unknownKeys.length === 0) continue;
      around.logger.warn('Operator has keys that mean nothing', {
        operator_id: id,
        keys: one.unknownKeys.join(', '),
      });
    }
  }

  process(entries: Entry[]): void {
    if (entries.length > 0) this.#first.process(entries);
  }

  /** The smallest offset of each source that an operator still holds. */
  held(): Map<object, number> {
    const oldest = new Map<object, number>();
    for (const operator of this.#operators) {
      for (const { source, offset } of operator.held() as Iterable<Origin>) {
        const known = oldest.get(source);
        if (known === undefined || offset < known) oldest.set(source, offset);
      }
    }
    return oldest;
  }

  /** Hands on what is held, first operators first. */
  stop(): void {
    for (const operator of this.#operators) operator.stop();
  }
}
