import type { Component } from '../../component/component.ts';
import type { Consumer, Context } from '../../component/consumer.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import type { Signal } from '../../component/signals.ts';
import { type ContextValue, compileActions } from '../../pdata/actions/actions.ts';
import { contextValue } from '../../pdata/actions/client-context.ts';
import { compileProgram } from '../../pdata/actions/program.ts';
import type { Batch } from '../../pdata/batch.ts';
import { GroupReader } from '../../pdata/readers.ts';
import { editingProcessor } from '../../pipeline/editing.ts';
import { type Config, config } from './config.ts';

function create<S extends Signal>(settings: Config, next: Consumer<S>): Component & Consumer<S> {
  const apply = compileActions(settings.attributes);

  function edit(batch: Batch<S>, ctx: Context): void {
    const value: ContextValue = (name) => contextValue(ctx.client, name);
    const reader = new GroupReader(batch as Batch<Signal>);
    while (reader.nextResource()) apply(reader.resource, value);
  }

  return editingProcessor(next, edit, compileProgram(settings.attributes, 'resources'));
}

/** Changes attributes of resources. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'resource',
  stability: { traces: 'beta', metrics: 'beta', logs: 'beta', profiles: 'development' },
  description: 'Inserts, updates, deletes, hashes, extracts and converts attributes of resources.',
  config,
  create: (_signal, _settings, decoded, next) => create(decoded, next),
};
