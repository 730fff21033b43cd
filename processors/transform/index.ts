import type { Component } from '../../component/component.ts';
import type { Consumer, Context } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import { createOnly } from '../../component/only.ts';
import type { Settings } from '../../component/settings.ts';
import { OttlRuntimeError } from '../../ottl/index.ts';
import { FaultLog } from '../../ottl/sequence.ts';
import type { Batch } from '../../pdata/batch.ts';
import { type Config, config } from './config.ts';
import { flattenLogs, groupLogs } from './flatten.ts';
import { compileGroup, groupsOf } from './groups.ts';
import type { Transformed } from './passes.ts';
import { transformer } from './transformer.ts';

function create<S extends Transformed>(
  signal: S,
  settings: Settings,
  decoded: Config,
  next: Consumer<S>,
): Component & Consumer<S> {
  const { clock, ledger, logger, random } = settings;
  const faults = new FaultLog();
  const groups = groupsOf(signal, decoded).map((group) =>
    compileGroup(signal, group, decoded.error_mode, { clock, random }),
  );
  const { transform, edits } = transformer(signal as Transformed, groups, faults);
  const isFlat = signal === 'logs' && decoded.flatten_data;

  function apply(batch: Batch<S>, client: Context['client']): Batch<S> {
    if (!isFlat) return transform(batch as Batch<Transformed>, client) as Batch<S>;
    const flat = flattenLogs(batch as Batch<'logs'>);
    const result = transform(edits ? flat.editable() : flat, client);
    return groupLogs(result as Batch<'logs'>) as Batch<S>;
  }

  function transformed(batch: Batch<S>, ctx: Context): Batch<S> {
    try {
      return apply(batch, ctx.client);
    } catch (error) {
      if (!(error instanceof OttlRuntimeError)) throw PipelineError.from(error);
      logger.error(`failed processing ${signal}`, { error: error.message });
      throw new PipelineError(error.message, { retryable: true, cause: error });
    } finally {
      faults.flush((statement, { error, count }) => {
        logger.warn('failed to execute statement', { error, statement, count });
      });
    }
  }

  return {
    mutates: edits,
    async consume(batch, ctx) {
      const result = groups.length === 0 ? batch : transformed(batch, ctx);
      const more = result.itemCount - batch.itemCount;
      if (more > 0) ledger.created(more);
      await next.consume(result, ctx);
      if (more < 0) ledger.dropped('aggregated', -more);
    },
    start: async () => {},
    shutdown: async () => {},
  };
}

const flattenGate = 'transform.flatten.logs';
const needsGate = {
  path: ['flatten_data'],
  message: `'flatten_data' requires the '${flattenGate}' feature gate to be enabled`,
};

/** Changes telemetry by statements of the transformation language; see README.md. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'transform',
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta' },
  description: 'Changes resources, scopes, spans, span events, metrics and log records.',
  config,
  checkGates: ({ flatten_data: isFlat }, gates) =>
    isFlat && !gates.enabled(flattenGate) ? [needsGate] : [],
  create: createOnly('transform', ['traces', 'metrics', 'logs'], create),
};
