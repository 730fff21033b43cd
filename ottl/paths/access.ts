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

export const resourceView: ViewOf = (place) => place.resource;
export const scopeView: ViewOf = (place) => place.scope;
export const itemView: ViewOf = (place) => place.item;
export const metricView: ViewOf = (place) => place.metric!;
export const dataView: ViewOf = (place) => place.data!;
export const partView: ViewOf = (place) => place.part!;
