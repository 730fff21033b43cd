import type { ItemOutput } from '../../pdata/pick.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import { AttributeKey, LogField, type MessageView, ValueType } from '../../pdata/readers.ts';
import type { Carrier } from './carrier.ts';
import {
  lessThan,
  parseRandomness,
  parseThreshold,
  type Randomness,
  randomnessText,
  type Threshold,
  thresholdText,
} from './threshold.ts';

const thresholdKey = new AttributeKey('sampling.threshold');
const randomnessKey = new AttributeKey('sampling.randomness');

/** Sampling in attributes of log records. */
export function logCarrier(): Carrier {
  const writer = new Writer(128);
  const cuts: number[] = [];
  let randomness: Randomness | undefined;
  let threshold: Threshold | undefined;
  /** What the attribute becomes: undefined = stays, '' = goes. */
  let newThreshold: string | undefined;
  let newRandomness: string | undefined;

  function text(item: MessageView, key: AttributeKey): string {
    return item.find(key) && item.value.type === ValueType.string ? item.value.string() : '';
  }

  function replace(item: MessageView, key: AttributeKey, value: string | undefined): void {
    if (value === undefined) return;
    const at = item.originalAttribute(key, 0);
    if (at >= 0) cuts.push(item.originalStart(at), item.originalEnd(at));
    if (value === '') return;
    const attribute = writer.open(LogField.attributes);
    writer.bytesField(1, key.bytes);
    const any = writer.open(2);
    writer.stringField(1, value);
    writer.close(any);
    writer.close(attribute);
  }

  return {
    get randomness() {
      return randomness;
    },
    get threshold() {
      return threshold;
    },
    read(item): string {
      newThreshold = undefined;
      newRandomness = undefined;
      const thresholdGiven = text(item, thresholdKey);
      const randomnessGiven = text(item, randomnessKey);
      threshold = thresholdGiven === '' ? undefined : parseThreshold(thresholdGiven);
      randomness = randomnessGiven === '' ? undefined : parseRandomness(randomnessGiven);
      if (thresholdGiven !== '' && threshold === undefined)
        return 't-value must have 1 to 14 hex digits';
      return randomnessGiven !== '' && randomness === undefined
        ? 'r-value must have 14 hex digits'
        : '';
    },
    setRandomness(value) {
      randomness = value;
      newRandomness = randomnessText(value);
    },
    clearThreshold() {
      threshold = undefined;
      newThreshold = '';
    },
    raiseThreshold(value) {
      if (threshold !== undefined && lessThan(value, threshold)) return;
      newThreshold = thresholdText(value);
    },
    keep(item, out: ItemOutput): void {
      writer.length = 0;
      cuts.length = 0;
      replace(item, thresholdKey, newThreshold);
      replace(item, randomnessKey, newRandomness);
      if (cuts.length === 4 && cuts[0]! > cuts[2]!) cuts.unshift(...cuts.splice(2));
      if (cuts.length === 0 && writer.length === 0) out.keep();
      else out.change(cuts, writer.bytes, writer.length);
    },
  };
}
