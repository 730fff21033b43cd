import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import type { Logger as Pino } from 'pino';
import type { Clock, Logger } from '../../component/settings.ts';
import type { TelemetryConfig } from './config.ts';
import { errorText } from './error-text.ts';
import type { LogRecorder } from './log-recorder.ts';
import type { RecentLog } from './recent-log.ts';
import { createSampler, type Sampler } from './sampler.ts';

type LogFields = Readonly<Record<string, unknown>>;

/** A logger that can make others with more fields. */
export interface RootLogger extends Logger {
  child(fields: LogFields): RootLogger;
  /** The same, but what it logs is not sent anywhere: for whoever sends. */
  unsent(): RootLogger;
  /** Takes another level and sampling, for all that were made from one. */
  change(config: Pick<TelemetryConfig['logs'], 'level' | 'sampling'>): void;
}

/** Where log lines go; synchronous, so that nothing is lost when the process ends. */
export type LogSink = (line: string) => void;

/**
 * The program's log: one line an entry. `console` is `time TAB level TAB message TAB {fields}`
 * without the resource, `json` has the keys level, ts, msg, resource and the fields.
 * @param recent is told of every warning and error, written or not
 */
export async function createLogger(
  config: TelemetryConfig['logs'],
  resource: LogFields,
  clock: Clock,
  sink?: LogSink,
  recorder?: LogRecorder,
  recent?: RecentLog,
): Promise<RootLogger> {
  const { default: pino } = await import('pino');
  const write = sink ?? (await openSink(config.output_paths));
  const encode = config.encoding === 'console' ? toConsole : toJson;
  const log = pino(
    {
      level: 'debug',
      base: { ...resource, ...(plainFields(config.initial_fields) as object) },
      messageKey: 'msg',
      timestamp: () => `,"ts":"${new Date(clock.unixMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(encode(line)) },
  );
  const rules = new Rules(clock);
  rules.change(config);
  return wrap(log, { rules, recorder, recent }, { scope: {}, fields: {} });
}

/** Bytes that an output keeps while it cannot be written to. */
const unwrittenMax = 2 ** 20;

async function openSink(paths: readonly string[]): Promise<LogSink> {
  const { default: pino } = await import('pino');
  const streams = paths.map((path) => {
    const dest = path === 'stderr' ? 2 : path === 'stdout' ? 1 : fileOf(path);
    const stream = pino.destination({ dest, sync: true, mkdir: false, maxLength: unwrittenMax });
    // A terminal that was closed or a full disk costs lines, not the program.
    return stream.on('error', () => undefined);
  });
  return (line) => {
    for (const stream of streams) stream.write(line);
  };
}

/** A path, or the one of a file URL. */
function fileOf(path: string): string {
  return path.startsWith('file://') ? fileURLToPath(path) : path;
}

const ranks = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 } as const;

/** Which entries are written. */
class Rules {
  readonly #clock: Clock;
  #rank = 0;
  #sampler: Sampler | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  change({ level, sampling }: Pick<TelemetryConfig['logs'], 'level' | 'sampling'>): void {
    this.#rank = ranks[level as keyof typeof ranks] ?? ranks.silent;
    this.#sampler = sampling.enabled ? createSampler(sampling, this.#clock) : undefined;
  }

  allow(level: keyof typeof ranks, message: string): boolean {
    if (ranks[level] < this.#rank) return false;
    return this.#sampler === undefined || this.#sampler(level, message);
  }
}

/** Fields of all entries of a logger: what says which component it is, and others. */
interface Context {
  readonly scope: LogFields;
  readonly fields: LogFields;
}

function within({ scope, fields }: Context, more: LogFields): Context {
  const isScope = ([key]: [string, unknown]) => key.startsWith('otelcol.');
  const entries = Object.entries(more);
  const own = Object.fromEntries(entries.filter(isScope));
  const rest = Object.fromEntries(entries.filter((entry) => !isScope(entry)));
  return { scope: { ...scope, ...own }, fields: { ...fields, ...rest } };
}

/** What hears of entries beside the log itself. */
interface Listeners {
  readonly rules: Rules;
  readonly recorder: LogRecorder | undefined;
  readonly recent: RecentLog | undefined;
}

function wrap(log: Pino, listeners: Listeners, context: Context): RootLogger {
  const { rules, recorder, recent } = listeners;
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => {
    return (message: string, fields?: LogFields): void => {
      const bad = level === 'warn' || level === 'error';
      if (bad) recent?.add(level, message, context.scope, plainFields(fields ?? {}));
      if (!rules.allow(level, message)) return;
      const own = fields === undefined ? undefined : plainFields(fields);
      if (own === undefined) log[level](message);
      else log[level](own, message);
      recorder?.record(level, message, context.scope, { ...context.fields, ...own });
    };
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child(fields) {
      const plain = plainFields(fields);
      return wrap(log.child(plain), listeners, within(context, plain));
    },
    unsent: () => wrap(log, { ...listeners, recorder: undefined }, context),
    change: (config) => rules.change(config),
  };
}

/** Errors as their text, bigint as digits; names that pino uses itself get an underscore. */
function plainFields(fields: LogFields): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) {
    const name = key === 'level' || key === 'ts' || key === 'msg' ? `_${key}` : key;
    out[name] = plainValue(value);
  }
  return out;
}

function plainValue(value: unknown): unknown {
  if (value instanceof Error) return errorText(value);
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof Map || value instanceof Set) return inspect(value, { depth: 2 });
  return value;
}

function toJson(line: string): string {
  return line;
}

function toConsole(line: string): string {
  const {
    level,
    ts,
    msg,
    resource: _resource,
    ...fields
  } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.keys(fields).length === 0 ? '' : `\t${JSON.stringify(fields)}`;
  return `${String(ts)}\t${String(level)}\t${String(msg)}${rest}\n`;
}
