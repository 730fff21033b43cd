import type { TapOptions, TapSample } from '../../component/insight.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import { headOf } from '../../pdata/head.ts';
import { toJson } from '../../pdata/json.ts';
import { Mask } from './mask.ts';

/** Encoded bytes of a batch that are shown at most. */
const maxBytes = 65_536;

/** What is shown of a batch itself. */
export type Shown = Pick<TapSample, 'signal' | 'items' | 'bytes' | 'otlp' | 'shown' | 'masked'>;

/** The first items of a batch as plain values: nothing of its buffers stays. */
export function sampleOf(
  batch: Batch<Signal>,
  { items, mask }: Pick<TapOptions, 'items' | 'mask'>,
): Shown {
  const { signal, itemCount, byteLength } = batch;
  const whole = { signal, items: itemCount, bytes: byteLength };
  const nothing = { ...whole, otlp: undefined, shown: 0, masked: 0 };
  // The dictionary of profiles cannot be cut.
  if (signal === 'profiles' && byteLength > maxBytes) return nothing;
  const head = signal === 'profiles' ? batch : headOf<Signal>(batch, { maxItems: items, maxBytes });
  const size = head.ranges().reduce((sum, range) => sum + range.length, 0);
  if (size > maxBytes) return nothing;
  const masking = new Mask(mask);
  const otlp = masking.apply(JSON.parse(toJson(head)));
  return { ...whole, otlp, shown: head.itemCount, masked: masking.count };
}
