import type { Consumer } from '../../component/consumer.ts';
import type { Signal } from '../../component/signals.ts';

/** Takes everything and keeps nothing. */
export function nullSink<S extends Signal>(): Consumer<S> {
  return { mutates: false, consume: () => Promise.resolve() };
}
