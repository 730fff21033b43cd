import type { Component } from '../component/component.ts';
import type { Consumer, Context } from '../component/consumer.ts';
import { PipelineError } from '../component/errors.ts';
import type { Signal, SignalData } from '../component/signals.ts';

/**
 * A processor that edits each batch through its overlay and passes it on; it holds nothing.
 * @param edit changes the batch at once; what it throws is a permanent error
 */
export function editingProcessor<S extends Signal>(
  next: Consumer<S>,
  edit: (batch: SignalData[S], ctx: Context) => void,
): Component & Consumer<S> {
  return {
    mutates: true,
    async consume(batch, ctx) {
      try {
        edit(batch, ctx);
      } catch (error) {
        throw PipelineError.from(error);
      }
      await next.consume(batch, ctx);
    },
    start: async () => {},
    shutdown: async () => {},
  };
}
