import type { Component } from '../component/component.ts';
import type { Consumer, Context } from '../component/consumer.ts';
import { PipelineError } from '../component/errors.ts';
import type { Signal } from '../component/signals.ts';
import type { Program } from '../pdata/actions/program.ts';
import type { Batch } from '../pdata/batch.ts';

/**
 * A processor that edits each batch and passes it on; it holds nothing.
 * @param edit changes the batch at once through its overlay; what it throws is a permanent error
 * @param program does the same in one pass over the bytes, where it can; no overlay is made then
 */
export function editingProcessor<S extends Signal>(
  next: Consumer<S>,
  edit: (batch: Batch<S>, ctx: Context) => void,
  program?: Program,
): Component & Consumer<S> {
  function edited(batch: Batch<S>, ctx: Context): Batch<S> {
    const done = program?.(batch);
    if (done !== undefined) return done;
    const editable = program === undefined ? batch : batch.editable();
    edit(editable, ctx);
    return editable;
  }

  return {
    mutates: program === undefined,
    async consume(batch, ctx) {
      let result: Batch<S>;
      try {
        result = edited(batch, ctx);
      } catch (error) {
        throw PipelineError.from(error);
      }
      await next.consume(result, ctx);
    },
    start: async () => {},
    shutdown: async () => {},
  };
}
