import type { Consumer } from '../../component/consumer.ts';
import type { Signal } from '../../component/signals.ts';
import { toJson } from '../../pdata/json.ts';
import { type FaultySink, faultySink } from '../../testing/contract/faulty-sink.ts';

/** A sink of log records that are known by the text `line NUMBER` in them. */
export function linesSink(): Consumer<'logs'> & FaultySink {
  return faultySink('logs', false, (batch) =>
    [...toJson(batch as Parameters<typeof toJson>[0]).matchAll(/"line (\d+)"/g)].map(([, number]) =>
      Number(number),
    ),
  ) as Consumer<Signal> & FaultySink;
}
