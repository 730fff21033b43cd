import type { MetricInfo } from '../../component/factory.ts';
import type { Attributes, Meter, Settings } from '../../component/settings.ts';

const prefix = 'otelcol_processor_queuebatch_';

export const metrics: readonly MetricInfo[] = [
  {
    name: `${prefix}sent_items`,
    description: 'Number of items successfully sent to the next consumer.',
    unit: '{item}',
    kind: 'counter',
  },
  {
    name: `${prefix}send_failed_items`,
    description: 'Number of items that failed to be sent to the next consumer.',
    unit: '{item}',
    kind: 'counter',
  },
  {
    name: `${prefix}enqueue_failed_items`,
    description: 'Number of items failed to be added to the queue.',
    unit: '{item}',
    kind: 'counter',
  },
  {
    name: `${prefix}queue_size`,
    description: 'Current size of the queue, in units of its sizer.',
    unit: '{unit}',
    kind: 'gauge',
  },
  {
    name: `${prefix}queue_capacity`,
    description: 'Fixed capacity of the queue, in units of its sizer.',
    unit: '{unit}',
    kind: 'gauge',
  },
  {
    name: `${prefix}in_flight_requests`,
    description: 'Batches on their way to the next component.',
    unit: '{request}',
    kind: 'gauge',
    upDown: true,
  },
  {
    name: `${prefix}queue_batch_send_size`,
    description: 'Items of each batch that the queue is given.',
    unit: '{unit}',
    kind: 'histogram',
    level: 'detailed',
  },
  {
    name: `${prefix}queue_batch_send_size_bytes`,
    description: 'Bytes of each batch that the queue is given.',
    unit: 'By',
    kind: 'histogram',
    level: 'detailed',
  },
];

/** The processor's metric in place of an exporter's. */
function infoOf(name: string): MetricInfo | undefined {
  const what = name.replace(/^otelcol_exporter_/, '');
  const own =
    what.startsWith('queue_') || what === 'in_flight_requests'
      ? what
      : what.replace(/^(sent|send_failed|enqueue_failed)_.*/, '$1_items');
  return metrics.find((info) => info.name === prefix + own);
}

function attributesOf(attributes: Attributes = {}): Attributes {
  const { exporter, ...others } = attributes;
  return exporter === undefined ? attributes : { ...others, processor: exporter };
}

function ownMeter(meter: Meter): Meter {
  return {
    counter(name, options) {
      const info = infoOf(name);
      const counter = meter.counter(info?.name ?? name, info ?? options);
      const known = new Map<Attributes | undefined, Attributes>();
      return {
        add(value, attributes) {
          let own = known.get(attributes);
          if (own === undefined) known.set(attributes, (own = attributesOf(attributes)));
          counter.add(value, own);
        },
      };
    },
    histogram(name, options, bounds) {
      const info = infoOf(name);
      const histogram = meter.histogram(info?.name ?? name, info ?? options, bounds);
      return {
        get enabled() {
          return histogram.enabled;
        },
        record: (value, attributes) => histogram.record(value, attributesOf(attributes)),
      };
    },
    gauge(name, options, observe, attributes) {
      const info = infoOf(name);
      return meter.gauge(info?.name ?? name, info ?? options, observe, attributesOf(attributes));
    },
  };
}

/**
 * Settings for an exporter's queue that stands inside of a pipeline: its metrics are a processor's,
 * and what it hands on has gone out along an edge, which the graph counts.
 */
export function ownSettings(settings: Settings): Settings {
  const { ledger } = settings;
  return {
    ...settings,
    meter: ownMeter(settings.meter),
    ledger: {
      dropped: (reason, items) => ledger.dropped(reason, items),
      held: (delta) => ledger.held(delta),
      created: (items) => ledger.created(items),
      delivered: () => {},
      left: (items) => ledger.left(items),
      found: (items) => ledger.found(items),
    },
  };
}
