import type { ProcessorFactory } from '../../component/factory.ts';
import { createOnly } from '../../component/only.ts';
import { SpanReader } from '../../pdata/readers.ts';
import { editingProcessor } from '../../pipeline/editing.ts';
import { type Config, config } from './config.ts';
import { compileEdits } from './editor.ts';

/** Changes names and statuses of spans; see README.md. */
export const factory: ProcessorFactory<Config> = {
  kind: 'processor',
  type: 'span',
  stability: { traces: 'alpha' },
  description: 'Makes names of spans from attributes, attributes from names, and sets the status.',
  config,
  check: (_signal, decoded) => void compileEdits(decoded),
  create: createOnly('span', ['traces'], (_signal, _settings, decoded, next) => {
    const edit = compileEdits(decoded);
    return editingProcessor(next, (batch) => {
      const reader = new SpanReader(batch);
      while (reader.nextAnyItem()) edit(reader);
    });
  }),
};
