import type { ComponentStatus, InstanceStatus } from '../../component/view.ts';

/** The status of a component or of several together. */
export interface Aggregate {
  readonly status: ComponentStatus;
  readonly error: string;
  /** Milliseconds since 1970. */
  readonly sinceUnixMs: number;
  /** What it is made of, by name. */
  readonly parts: ReadonlyMap<string, Aggregate>;
}

/** Which of two errors tells more. */
export type Priority = 'permanent' | 'recoverable';

const errors: readonly ComponentStatus[] = [
  'StatusRecoverableError',
  'StatusPermanentError',
  'StatusFatalError',
];

/**
 * One status for several (the Go collector's pkg/status): the same for all is that; else a fatal
 * error, then start and end, then errors by priority go before all others.
 */
function common(seen: ReadonlySet<ComponentStatus>, priority: Priority): ComponentStatus {
  const [only] = seen;
  if (seen.size === 1) return only!;
  if (seen.has('StatusFatalError')) return 'StatusFatalError';
  if (seen.has('StatusStarting')) return 'StatusStarting';
  if (seen.has('StatusStopping') || seen.has('StatusStopped')) return 'StatusStopping';
  const [first, second] =
    priority === 'permanent'
      ? (['StatusPermanentError', 'StatusRecoverableError'] as const)
      : (['StatusRecoverableError', 'StatusPermanentError'] as const);
  if (seen.has(first)) return first;
  return seen.has(second) ? second : 'StatusNone';
}

/** @param emptyMs time of a status of nothing */
function combine(
  parts: ReadonlyMap<string, Aggregate>,
  priority: Priority,
  emptyMs: number,
): Aggregate {
  const all = [...parts.values()];
  if (all.length === 0) return { status: 'StatusNone', error: '', sinceUnixMs: emptyMs, parts };
  const status = common(new Set(all.map((part) => part.status)), priority);
  const ordered = all.toSorted((a, b) => a.sinceUnixMs - b.sinceUnixMs);
  const last = ordered.at(-1)!;
  if (!errors.includes(status)) return { status, error: '', sinceUnixMs: last.sinceUnixMs, parts };
  // Of an error the first: it is nearest to the cause, and time to recover runs from it.
  const { error, sinceUnixMs } = ordered.find((part) => part.status === status)!;
  return { status, error, sinceUnixMs, parts };
}

/**
 * The statuses of all instances as a tree: `pipeline:ID` and `extensions`, in them `KIND:ID`.
 * @param emptyMs time of the whole while there is nothing
 */
export function aggregate(
  statuses: readonly InstanceStatus[],
  priority: Priority,
  emptyMs: number,
): Aggregate {
  const groups = new Map<string, Map<string, Aggregate>>();
  for (const { kind, id, pipelines, status, error, sinceUnixMs } of statuses) {
    const names = kind === 'extension' ? ['extensions'] : pipelines.map((p) => `pipeline:${p}`);
    for (const name of names) {
      const group = groups.get(name) ?? new Map<string, Aggregate>();
      groups.set(name, group);
      group.set(`${kind}:${id}`, { status, error, sinceUnixMs, parts: new Map() });
    }
  }
  const parts = [...groups].map(([name, group]) => {
    return [name, combine(group, priority, emptyMs)] as const;
  });
  return combine(new Map(parts), priority, emptyMs);
}

/** The part that a scope names: '' = all, `extensions`, or a pipeline's id. */
export function scopeOf(all: Aggregate, scope: string): Aggregate | undefined {
  if (scope === '') return all;
  return all.parts.get(scope === 'extensions' ? scope : `pipeline:${scope}`);
}
