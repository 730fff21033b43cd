import type { Component } from '../../component/component.ts';
import type { Consumer } from '../../component/consumer.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import type { Signal } from '../../component/signals.ts';
import type { Traces } from '../../pdata/batch.ts';
import { SpanReader } from '../../pdata/readers.ts';
import { editingProcessor } from '../../pipeline/editing.ts';
import { type Config, config } from './config.ts';
import { compileEdits } from './editor.ts';

function create<S extends Signal>(
  signal: S,
  decoded: Config,
  next: Consumer<S>,
): Component & Consumer<S> {
  if (signal !== 'traces') throw new Error(`cannot use span in a pipeline of ${signal}`);
  const edit = compileEdits(decoded);
  return editingProcessor(next, (batch) => {
    const reader = new SpanReader(batch as Traces);
    while (reader.nextAnyItem()) edit(reader);
  });
}

/** Changes names and statuses of spans; see README.md. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'span',
  stability: { traces: 'alpha' },
  description: 'Makes names of spans from attributes, attributes from names, and sets the status.',
  config,
  check: (_signal, decoded) => void compileEdits(decoded),
  create: (signal, _settings, decoded, next) => create(signal, decoded, next),
};
