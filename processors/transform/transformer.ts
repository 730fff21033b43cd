import type { OttlClient } from '../../ottl/index.ts';
import type { Faults } from '../../ottl/sequence.ts';
import type { Batch, Metrics } from '../../pdata/batch.ts';
import { otlpBatch, settled } from '../../pdata/otlp-batch.ts';
import { reshapesMetrics } from './functions/index.ts';
import type { Group } from './groups.ts';
import { benchPass } from './metric-bench.ts';
import {
  eventPass,
  ItemRewriter,
  itemPass,
  metricPass,
  resourcePass,
  scopePass,
  type Transformed,
} from './passes.ts';
import { groupRunner } from './run-group.ts';

/** One group over a batch. @returns the batch to go on with */
type Step = (batch: Batch<Transformed>, client: OttlClient) => Batch<Transformed>;

const passes = {
  resource: resourcePass,
  scope: scopePass,
  span: itemPass,
  log: itemPass,
  datapoint: itemPass,
  metric: metricPass,
} as const;

function isEditable(batch: Batch<Transformed>): boolean {
  return otlpBatch(batch).overlay !== undefined;
}

function stepOf(group: Group, faults: Faults): Step {
  const run = groupRunner(group, faults);
  const { context } = group;
  if (context === 'spanevent') {
    return (batch, client) => {
      const plain = batch.plain().editable();
      eventPass(plain, run, client);
      return plain.plain();
    };
  }
  if (group.statements.some(({ editor }) => reshapesMetrics(editor))) {
    return (batch, client) =>
      benchPass(batch as Metrics, run, client, context === 'datapoint') as Batch<Transformed>;
  }
  if (context === 'otelcol') throw new Error('BUG: statements on otelcol');
  const pass = passes[context];
  return (batch, client) => {
    const editable = isEditable(batch) ? batch : batch.editable();
    pass(editable, run, client);
    return editable;
  };
}

/** Whether a group can be run on one item after the other: it writes nothing else. */
function isLocal({ context, statements }: Group): boolean {
  if (context !== 'span' && context !== 'log') return false;
  return statements.every(({ writes }) => [...writes].every((name) => name === context));
}

/** Groups in their order, neighbours that are local as one step. */
function stepsOf(signal: Transformed, groups: readonly Group[], faults: Faults): Step[] {
  const steps: Step[] = [];
  for (let i = 0; i < groups.length; ) {
    const first = groups[i]!;
    if (signal === 'metrics' || !isLocal(first)) {
      steps.push(stepOf(first, faults));
      i += 1;
      continue;
    }
    const end = groups.findIndex((group, j) => j > i && !isLocal(group));
    const local = groups.slice(i, end < 0 ? groups.length : end);
    const rewriter = new ItemRewriter(
      signal,
      local.map((group) => groupRunner(group, faults)),
    );
    steps.push((batch, client) => rewriter.rewrite(batch, client));
    i += local.length;
  }
  return steps;
}

/** All groups over a batch. */
export interface Transformer {
  /** Whether batches have to be editable. */
  readonly edits: boolean;
  /** @throws OttlRuntimeError in error mode propagate */
  transform(batch: Batch<Transformed>, client: OttlClient): Batch<Transformed>;
}

/** Compiled groups as one; those that need only their item are run in one walk over the batch. */
export function transformer(
  signal: Transformed,
  groups: readonly Group[],
  faults: Faults,
): Transformer {
  const steps = stepsOf(signal, groups, faults);
  return {
    edits: !groups.every(isLocal),
    transform(batch, client) {
      let current = batch;
      for (const step of steps) current = step(current, client);
      return settled(current);
    },
  };
}
