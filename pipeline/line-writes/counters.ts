import type { MetricInfo } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';

const texts = {
  lines: ['wirestitch_influxdb_lines', 'Lines of line protocol that were read.', '{lines}'],
  refused: ['wirestitch_influxdb_refused_lines', 'Lines that are no line protocol.', '{lines}'],
  texts: [
    'wirestitch_influxdb_dropped_texts',
    'Fields of text, which metrics cannot hold.',
    '{fields}',
  ],
} as const;

/** For the component's documentation. */
export const influxdbMetrics: readonly MetricInfo[] = Object.values(texts).map(
  ([name, description, unit]) => ({ name, description, unit, kind: 'counter' }),
);

/** Counts of one receiver beside those of its points. */
export class LineCounters {
  readonly #add: (what: keyof typeof texts, value: number) => void;

  constructor({ meter, id }: Pick<Settings, 'meter' | 'id'>) {
    const counter = (what: keyof typeof texts) => {
      const [name, description, unit] = texts[what];
      return meter.counter(name, { description, unit });
    };
    const counters = {
      lines: counter('lines'),
      refused: counter('refused'),
      texts: counter('texts'),
    };
    const attributes = { receiver: id };
    this.#add = (what, value) => counters[what].add(value, attributes);
  }

  add(lines: number, refused: number, texts: number): void {
    this.#add('lines', lines);
    if (refused > 0) this.#add('refused', refused);
    if (texts > 0) this.#add('texts', texts);
  }
}
