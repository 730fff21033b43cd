import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import { PipelineError } from '../../component/errors.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import type { Signal, SignalData } from '../../component/signals.ts';
import type { Logs, Metrics, Traces } from '../../pdata/batch.ts';
import { redactLogs, redactMetrics, redactTraces } from './batches.ts';
import { type Config, config } from './config.ts';
import { Redactor } from './redactor.ts';
import { rulesOf } from './rules.ts';

type Redact = (batch: SignalData[Signal]) => SignalData[Signal];

function redactionOf(signal: Signal, decoded: Config): Redact {
  if (signal === 'profiles') throw new Error('cannot use redaction in a pipeline of profiles');
  const redactor = new Redactor(rulesOf(decoded, signal), decoded);
  if (signal === 'traces') return (batch) => redactTraces(batch as Traces, redactor);
  if (signal === 'logs') return (batch) => redactLogs(batch as Logs, redactor);
  return (batch) => redactMetrics(batch as Metrics, redactor);
}

function create<S extends Signal>(
  signal: S,
  decoded: Config,
  next: Consumer<S>,
): Component & Consumer<S> {
  const redact = redactionOf(signal, decoded);
  return {
    mutates: false,
    async consume(batch, ctx) {
      let result: typeof batch;
      try {
        result = redact(batch) as typeof batch;
      } catch (error) {
        throw PipelineError.from(error);
      }
      await next.consume(result, ctx);
    },
    start: async () => {},
    shutdown: async () => {},
  };
}

/** Removes and masks attributes by key and value; see README.md. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'redaction',
  stability: { traces: 'beta', logs: 'alpha', metrics: 'alpha' },
  description: 'Removes attributes that are not allowed and masks what must not be seen in others.',
  config,
  check: (signal, decoded) => {
    if (signal !== 'profiles') rulesOf(decoded, signal);
  },
  create: (signal, _settings, decoded, next) => create(signal, decoded, next),
};
