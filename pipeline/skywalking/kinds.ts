import type { Consumers } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import { browserErrorTranslator, browserTranslator } from '../../wire/skywalking/browser.ts';
import {
  attachedEventTranslator,
  eventTranslator,
  propertiesTranslator,
} from '../../wire/skywalking/events.ts';
import type { Instances } from '../../wire/skywalking/instances.ts';
import { logTranslator } from '../../wire/skywalking/log.ts';
import { meshTranslator } from '../../wire/skywalking/mesh.ts';
import { meterBatchTranslator, meterTranslator } from '../../wire/skywalking/meters.ts';
import { clrTranslator, jvmTranslator } from '../../wire/skywalking/runtimes.ts';
import type { MessageName } from '../../wire/skywalking/schema.ts';
import { SegmentsTranslator, SegmentTranslator } from '../../wire/skywalking/segment.ts';
import type { Translator } from '../../wire/skywalking/translator.ts';
import { Outlet } from '../outlet.ts';
import type { Kind } from './delivery.ts';
import { Translators } from './translators.ts';

/** What is known of one kind of message. */
interface Description {
  readonly signal: Signal;
  /** Its name in the field tables, for JSON. */
  readonly message: MessageName;
  readonly make: (instances: Instances) => Translator;
}

/** A message that a browser measured a page for. */
function browser<N extends Parameters<typeof browserTranslator>[0]>(name: N) {
  const make = (instances: Instances) => browserTranslator(name, instances);
  return { signal: 'logs', message: name, make } as const;
}

/** All kinds of messages that become data. */
const descriptions = {
  segment: {
    signal: 'traces',
    message: 'Segment',
    make: (instances) => new SegmentTranslator(instances),
  },
  segments: {
    signal: 'traces',
    message: 'Segments',
    make: (instances) => new SegmentsTranslator(instances),
  },
  attachedEvent: { signal: 'logs', message: 'AttachedEvent', make: attachedEventTranslator },
  properties: { signal: 'logs', message: 'Instance', make: propertiesTranslator },
  meter: { signal: 'metrics', message: 'Meter', make: meterTranslator },
  meterBatch: { signal: 'metrics', message: 'Meters', make: meterBatchTranslator },
  jvm: { signal: 'metrics', message: 'JvmMetrics', make: jvmTranslator },
  clr: { signal: 'metrics', message: 'ClrMetrics', make: clrTranslator },
  log: { signal: 'logs', message: 'Log', make: logTranslator },
  event: { signal: 'logs', message: 'Event', make: eventTranslator },
  page: browser('PagePerformance'),
  webVitals: browser('WebVitals'),
  resource: browser('Resource'),
  interaction: browser('Interaction'),
  browserError: { signal: 'logs', message: 'BrowserError', make: browserErrorTranslator },
  mesh: { signal: 'logs', message: 'MeshMetrics', make: meshTranslator },
} as const satisfies Readonly<Record<string, Description>>;

/** A kind of message, whichever way it came: gRPC, HTTP or Kafka. */
export type KindName = keyof typeof descriptions;

/** The message of a kind, as the field tables call it. */
export function messageName(kind: KindName): MessageName {
  return descriptions[kind].message;
}

/** The kinds of a receiver's protocol, with where their batches go. */
export function kindsOf(
  settings: Settings,
  next: Consumers,
  instances: Instances,
  transport: 'grpc' | 'http',
): Readonly<Record<KindName, Kind>> {
  const outlets = new Map<Signal, Outlet<Signal>>();
  for (const signal of ['traces', 'metrics', 'logs'] as const) {
    const consumer = next[signal];
    if (consumer === undefined) continue;
    outlets.set(
      signal,
      new Outlet<Signal>(signal, consumer as never, settings, transport, 'skywalking'),
    );
  }
  const entries = Object.entries(descriptions).map(([name, { signal, make }]) => {
    const translators = new Translators(() => make(instances));
    const teaches = name === 'properties';
    return [name, { translators, outlet: outlets.get(signal), teaches }] as const;
  });
  return Object.fromEntries(entries) as Record<KindName, Kind>;
}
