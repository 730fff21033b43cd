import type { Clock } from '../../component/settings.ts';
import type { Logs } from '../../pdata/batch.ts';
import { type AttributeSet, type AttributeValue, LogsBuilder } from '../../pdata/builder.ts';
import { unixNanos } from './clock.ts';
import type { Outbox } from './outbox.ts';

/** An entry of the program's log. */
export interface OwnRecord {
  readonly time: bigint;
  readonly level: OwnLevel;
  readonly message: string;
  /** Of the component that logged it. */
  readonly scope: Readonly<Record<string, unknown>>;
  readonly fields: Readonly<Record<string, unknown>>;
}

type OwnLevel = 'debug' | 'info' | 'warn' | 'error';

const severities = { debug: 5, info: 9, warn: 13, error: 17 } as const;

/** The scope that the Go collector logs under. */
const scopeName = 'go.opentelemetry.io/collector/service';

/** Keeps what is logged until it is sent. */
export class LogRecorder {
  readonly outboxes: readonly Outbox<OwnRecord>[];
  readonly #clock: Clock;
  readonly #resource: AttributeSet;
  readonly #schemaUrl: string;

  constructor(
    outboxes: readonly Outbox<OwnRecord>[],
    clock: Clock,
    resource: AttributeSet,
    schemaUrl: string,
  ) {
    this.outboxes = outboxes;
    this.#clock = clock;
    this.#resource = resource;
    this.#schemaUrl = schemaUrl;
  }

  /** @param scope fields that say which component it is; none = the program */
  record(
    level: OwnLevel,
    message: string,
    scope: OwnRecord['scope'],
    fields: OwnRecord['fields'],
  ): void {
    const record = { time: unixNanos(this.#clock), level, message, scope, fields };
    for (const outbox of this.outboxes) outbox.add(record);
  }

  /** Records as one batch, by component. */
  batchOf(records: readonly OwnRecord[]): Logs {
    const builder = new LogsBuilder();
    builder.resource(this.#resource, this.#schemaUrl);
    const now = unixNanos(this.#clock);
    for (const group of Map.groupBy(records, ({ scope }) => JSON.stringify(scope)).values()) {
      builder.scope(scopeName, '', attributesOf(group[0]!.scope));
      for (const { time, level, message, fields } of group) {
        builder.record({
          timeUnixNano: time,
          observedTimeUnixNano: now,
          severityNumber: severities[level],
          severityText: level,
          body: message,
          attributes: attributesOf(fields),
        });
      }
    }
    return builder.finish();
  }
}

/** An error is told as OpenTelemetry's conventions for exceptions say. */
function attributesOf(fields: Readonly<Record<string, unknown>>): AttributeSet {
  const out = new Map<string, AttributeValue>();
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    out.set(key === 'error' ? 'exception.message' : key, plain(value));
  }
  return out;
}

function plain(value: unknown): AttributeValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  if (Array.isArray(value)) return value.map(plain);
  return JSON.stringify(value) ?? String(value);
}
