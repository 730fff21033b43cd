import type { LabelRules } from '../names/label-name.ts';
import type { NameRules } from '../names/metric-name.ts';
import type { Version } from '../remote-write/read.ts';

/** How OTLP metrics become series. */
export interface SeriesRules {
  readonly names: NameRules;
  readonly labels: LabelRules;
  /** The same for labels of `target_info`. */
  readonly targetLabels: LabelRules;
  /** Added where a series has no such label: names and values. */
  readonly externalLabels: ReadonlyMap<string, string>;
  /** Whether a series `target_info` is made of each resource. */
  readonly targetInfo: boolean;
  /** Whether the scope becomes labels. */
  readonly scopeLabels: boolean;
  /** Whether attributes of the resource become labels of every series. */
  readonly resourceLabels: 'none' | 'all' | 'all but service';
  /** Version of the messages: only 2 has a place for start times and exemplars of gauges. */
  readonly version: Version;
  /** Whether metadata of families is made (1.0). */
  readonly families: boolean;
}

/** Keys of `translation_strategy` and what they stand for. */
export const strategies = {
  UnderscoreEscapingWithSuffixes: { suffixes: true, utf8: false },
  UnderscoreEscapingWithoutSuffixes: { suffixes: false, utf8: false },
  NoUTF8EscapingWithSuffixes: { suffixes: true, utf8: true },
  NoTranslation: { suffixes: false, utf8: true },
} as const;
