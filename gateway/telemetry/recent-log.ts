import type { LogEntry } from '../../component/insight.ts';
import type { Clock } from '../../component/settings.ts';
import { cutMasked, maskAddresses } from '../insight/mask.ts';

/** Entries that are kept; equal ones are one. */
const maxEntries = 200;
const maxText = 2000;
const maxFields = 20;

type Fields = Readonly<Record<string, unknown>>;

/** The newest warnings and errors of the program, equal ones together. */
export class RecentLog {
  readonly #clock: Clock;
  /** In the order of the newest of each. */
  readonly #entries = new Map<string, LogEntry>();
  #sequence = 0;
  #ids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Entries are equal when level, component, message and the field `error` are.
   * @param scope fields that say which component it is
   */
  add(level: 'warn' | 'error', message: string, scope: Fields, fields: Fields): void {
    const node = nodeOf(scope);
    const error = shorten(textOf(fields.error ?? ''));
    const key = [level, node, shorten(message), error].join('\n');
    const before = this.#entries.get(key);
    const now = this.#clock.unixMs();
    this.#entries.delete(key);
    this.#entries.set(key, {
      id: before?.id ?? ++this.#ids,
      sequence: ++this.#sequence,
      level,
      node,
      message: shorten(message),
      fields: plain(fields),
      count: (before?.count ?? 0) + 1,
      firstUnixMs: before?.firstUnixMs ?? now,
      lastUnixMs: now,
    });
    if (this.#entries.size <= maxEntries) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest!);
  }

  /** Oldest first. */
  after(sequence: number): readonly LogEntry[] {
    return [...this.#entries.values()].filter((entry) => entry.sequence > sequence);
  }
}

/** The node of the graph that a logger belongs to, '' = none. */
function nodeOf(scope: Fields): string {
  const of = (key: string): string => String(scope[`otelcol.${key}`] ?? '');
  const [kind, id, pipeline] = [of('component.kind'), of('component.id'), of('pipeline.id')];
  if (kind === '') return '';
  const [signal, output] = [of('signal'), of('signal.output')];
  const place = pipeline || (output === '' ? signal : `${signal}-${output}`);
  return `${kind}/${id}${place === '' ? '' : `@${place}`}`;
}

/** Numbers and truth values as they are, all else as a short text: nothing of it is held. */
function plain(fields: Fields): Fields {
  const kept = Object.entries(fields).slice(0, maxFields);
  return Object.fromEntries(
    kept.map(([key, value]) => {
      const simple = typeof value === 'number' || typeof value === 'boolean';
      return [key, simple ? value : shorten(textOf(value))];
    }),
  );
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}

/** Cut, and without the passwords of addresses. */
function shorten(text: string): string {
  return cutMasked(text, maxText, maskAddresses).shown;
}
