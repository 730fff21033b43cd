import { SpanField } from '../../pdata/readers.ts';
import { defineFunction } from './types.ts';

/** Whether a span has no parent. */
export const isRootSpan = defineFunction({
  name: 'IsRootSpan',
  parameters: [],
  make: () => (place) => {
    const { item } = place;
    if (!item.findField(SpanField.parentSpanId)) return true;
    const { bytes, start, end } = item.value;
    for (let i = start; i < end; i += 1) if (bytes[i] !== 0) return false;
    return true;
  },
});
