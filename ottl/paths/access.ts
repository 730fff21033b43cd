import type { AttributeKey, MessageView } from '../../pdata/readers.ts';
import type { Target } from '../functions/types.ts';
import type { Place } from '../place.ts';

/** The message of a place that a path is about. */
export type ViewOf = (place: Place) => MessageView;

/** Where a path's bytes are, for what can be done without decoding them. */
export type Spot =
  /** One attribute by a key that the statement names. */
  | { readonly kind: 'attribute'; readonly view: ViewOf; readonly key: AttributeKey }
  /** All attributes of a message. */
  | { readonly kind: 'attributes'; readonly view: ViewOf }
  /** A string field. */
  | { readonly kind: 'text'; readonly view: ViewOf; readonly field: number }
  /** A varint field of a small range: an enumeration. */
  | { readonly kind: 'number'; readonly view: ViewOf; readonly field: number }
  /** A fixed 64-bit field of nanoseconds, as a time or as an integer. */
  | {
      readonly kind: 'time';
      readonly view: ViewOf;
      readonly field: number;
      readonly integer: boolean;
    }
  /** A field that holds an AnyValue. */
  | { readonly kind: 'any'; readonly view: ViewOf; readonly field: number };

/** A compiled path. */
export interface PathAccess extends Target {
  readonly spot?: Spot;
}

/** The resource of an item. */
export const resourceView: ViewOf = (place) => place.resource;
/** The instrumentation scope of an item. */
export const scopeView: ViewOf = (place) => place.scope;
/** The span, data point, log record or profile that a statement runs for, or whose part it does. */
export const itemView: ViewOf = (place) => place.item;
/** The metric of a data point; only where the context has one. */
export const metricView: ViewOf = (place) => place.metric!;
/** The message of a metric's kind, e.g. its Sum; only where the context has one. */
export const dataView: ViewOf = (place) => place.data!;
/** The part of an item, e.g. a span's event; only where the context has one. */
export const partView: ViewOf = (place) => place.part!;
