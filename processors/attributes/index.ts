import type { Component } from '../../component/component.ts';
import type { Consumer, Context } from '../../component/consumer.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import { createOnly } from '../../component/only.ts';
import type { Signal } from '../../component/signals.ts';
import { type ContextValue, compileActions } from '../../pdata/actions/actions.ts';
import { contextValue } from '../../pdata/actions/client-context.ts';
import { compileChoice } from '../../pdata/actions/match.ts';
import { compileProgram } from '../../pdata/actions/program.ts';
import type { Batch } from '../../pdata/batch.ts';
import { itemReader } from '../../pdata/readers.ts';
import { editingProcessor } from '../../pipeline/editing.ts';
import { type Config, config } from './config.ts';

function create<S extends Exclude<Signal, 'profiles'>>(
  signal: S,
  settings: Config,
  next: Consumer<S>,
): Component & Consumer<S> {
  const apply = compileActions(settings.actions);
  const chosen = compileChoice(signal, settings);

  function edit(batch: Batch<S>, ctx: Context): void {
    const value: ContextValue = (name) => contextValue(ctx.client, name);
    const reader = itemReader(batch as Batch<'traces' | 'metrics' | 'logs'>);
    while (reader.nextAnyItem()) {
      if (chosen === undefined || chosen(reader)) apply(reader.item, value);
    }
  }

  const program = chosen === undefined ? compileProgram(settings.actions, 'items') : undefined;
  return editingProcessor(next, edit, program);
}

/** Changes attributes of spans, log records and data points. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'attributes',
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta' },
  description: 'Inserts, updates, deletes, hashes, extracts and converts attributes of items.',
  config,
  check: (signal, decoded) => void compileChoice(signal, decoded),
  create: createOnly(
    'attributes',
    ['traces', 'metrics', 'logs'],
    (signal, _settings, decoded, next) => create(signal, decoded, next),
  ),
};
