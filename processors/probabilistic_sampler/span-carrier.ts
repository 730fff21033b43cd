import type { ItemOutput } from '../../pdata/pick.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { type MessageView, SpanField } from '../../pdata/readers.ts';
import type { Carrier } from './carrier.ts';
import { lessThan, randomnessText, type Threshold, thresholdText } from './threshold.ts';
import { TraceState } from './trace-state.ts';

/** Sampling in the trace state of spans. */
export function spanCarrier(): Carrier {
  const state = new TraceState();
  const writer = new Writer(64);
  const cuts: number[] = [];
  let lastThreshold: Threshold | undefined;
  let lastText = '';

  function textOf(threshold: Threshold): string {
    if (threshold !== lastThreshold) {
      lastThreshold = threshold;
      lastText = thresholdText(threshold);
    }
    return lastText;
  }

  return {
    get randomness() {
      return state.randomness;
    },
    get threshold() {
      return state.threshold;
    },
    read(item: MessageView): string {
      return state.read(item.string(SpanField.traceState));
    },
    setRandomness(randomness) {
      state.randomness = randomness;
      state.randomnessText = randomnessText(randomness);
    },
    clearThreshold() {
      state.threshold = undefined;
      state.thresholdText = '';
    },
    raiseThreshold(threshold) {
      if (state.threshold !== undefined && lessThan(threshold, state.threshold)) return;
      state.threshold = threshold;
      state.thresholdText = textOf(threshold);
    },
    keep(item: MessageView, out: ItemOutput): void {
      writer.length = 0;
      const text = state.write();
      if (text !== '') writer.stringField(SpanField.traceState, text);
      cuts.length = 0;
      const start = item.fieldStart(SpanField.traceState);
      if (start >= 0) cuts.push(start, item.fieldEnd(SpanField.traceState));
      out.change(cuts, writer.bytes, writer.length);
    },
  };
}
