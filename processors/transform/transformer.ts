import type { OttlClient } from '../../ottl/index.ts';
import type { Faults } from '../../ottl/sequence.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { Group } from './groups.ts';
import {
  eventPass,
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

function stepOf(group: Group, faults: Faults): Step {
  const run = groupRunner(group, faults);
  const { context } = group;
  if (context === 'spanevent') {
    return (batch, client) => {
      const plain = batch.plain().editable();
      eventPass(plain, run, client);
      return plain.plain().editable();
    };
  }
  if (context === 'otelcol') throw new Error('BUG: statements on otelcol');
  const pass = passes[context];
  return (batch, client) => {
    pass(batch, run, client);
    return batch;
  };
}

/** All groups over a batch. @throws OttlRuntimeError in error mode propagate */
export function transformer(
  groups: readonly Group[],
  faults: Faults,
): (batch: Batch<Transformed>, client: OttlClient) => Batch<Transformed> {
  const steps = groups.map((group) => stepOf(group, faults));
  return (batch, client) => {
    let current = batch;
    for (const step of steps) current = step(current, client);
    return current;
  };
}
