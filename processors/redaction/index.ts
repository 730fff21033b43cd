import type { ProcessorFactory } from '../../component/factory.ts';
import { createOnly } from '../../component/only.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { editingProcessor } from '../../pipeline/editing.ts';
import { logRedaction, metricRedaction, traceRedaction } from './batches.ts';
import { type Config, config } from './config.ts';
import { rulesOf } from './rules.ts';

type Redact = (batch: Batch<Signal>) => void;

function redactionOf(signal: Exclude<Signal, 'profiles'>, decoded: Config): Redact {
  const rules = rulesOf(decoded, signal);
  if (signal === 'traces') return traceRedaction(rules, decoded) as Redact;
  if (signal === 'logs') return logRedaction(rules, decoded) as Redact;
  return metricRedaction(rules, decoded) as Redact;
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
  create: createOnly(
    'redaction',
    ['traces', 'logs', 'metrics'],
    (signal, _settings, decoded, next) => editingProcessor(next, redactionOf(signal, decoded)),
  ),
};
