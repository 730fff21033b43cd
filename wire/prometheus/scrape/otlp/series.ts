import type { Labels } from './labels.ts';
import type { Place } from './layout.ts';

/** A series as it is stored: with the labels of its target, relabeled. */
export class Series {
  readonly labels: Labels;
  /** Number of the scrape that it was last seen in, where its end is told. */
  seen = 0;
  /** Where its samples go; see Layout. */
  place: Place | undefined;
  native = false;

  constructor(labels: Labels) {
    this.labels = labels;
  }
}
