import { isUtf8 } from 'node:buffer';
import type { Logs } from '../../pdata/batch.ts';
import { LogsBuilder } from '../../pdata/builder.ts';
import { BrokenText, type Element, elements } from './elements.ts';
import { recordOf } from './record.ts';
import { type Fields, isFields, resourceOf } from './resource.ts';

const limits = {
  /** Bytes of an event. */
  eventBytes: 1 << 20,
  /** Arrays and objects in each other. */
  depth: 64,
  /** Reasons that are told of one request. */
  reasons: 10,
} as const;

/** What became of a request's events, some of which may be refused. */
export interface ReadLogs {
  /** The records that were taken; undefined = none. */
  readonly batch: Logs | undefined;
  /** Events that were refused; 1 for all after the place where the text is broken. */
  readonly refused: number;
  /** Why, for the first ten of them: `event 3: ...`, counted from 0. */
  readonly reasons: readonly string[];
}

/** @returns a text that says why an element is no event otherwise */
function eventOf(bytes: Buffer, { start, end, depth }: Element): Fields | string {
  if (end - start > limits.eventBytes) return `it is over ${limits.eventBytes} bytes`;
  if (depth > limits.depth) return `it is nested deeper than ${limits.depth}`;
  const part = bytes.subarray(start, end);
  if (!isUtf8(part)) return 'it is no valid UTF-8';
  try {
    const value: unknown = JSON.parse(part.toString());
    return isFields(value) ? value : 'it is no object';
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return 'it is no valid JSON';
  }
}

class Reading {
  readonly #builder = new LogsBuilder();
  readonly #nowNs: bigint;
  #resource: string | undefined;
  refused = 0;
  readonly reasons: string[] = [];

  constructor(nowNs: bigint) {
    this.#nowNs = nowNs;
  }

  refuse(index: number, reason: string): void {
    this.refused += 1;
    if (this.reasons.length < limits.reasons) this.reasons.push(`event ${index}: ${reason}`);
  }

  take(event: Fields): string | undefined {
    const record = recordOf(event, this.#nowNs);
    if (typeof record === 'string') return record;
    const resource = resourceOf(event);
    const key = JSON.stringify([...resource]);
    if (key !== this.#resource) {
      this.#resource = key;
      this.#builder.resource(resource);
    }
    this.#builder.record(record);
    return undefined;
  }

  finish(): Logs | undefined {
    return this.#builder.itemCount === 0 ? undefined : this.#builder.finish();
  }
}

/**
 * Log events as Vector's sink `http` writes them with codec json: an array of objects, or objects
 * one a line. Fields are those that DeepFlow documents for its path /api/v1/log.
 * @param nowNs when they came, nanoseconds since 1970
 */
export function readVectorLogs(bytes: Buffer, nowNs: bigint): ReadLogs {
  const steps = readSteps(bytes, nowNs);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Bytes of {@link readSteps} between which other work may go. */
const stepBytes = 256 * 1024;

/** The same in steps of a few milliseconds. */
export function* readSteps(bytes: Buffer, nowNs: bigint): Generator<void, ReadLogs, void> {
  const reading = new Reading(nowNs);
  let index = 0;
  let pauseAt = stepBytes;
  try {
    for (const element of elements(bytes)) {
      const event = eventOf(bytes, element);
      const fault = typeof event === 'string' ? event : reading.take(event);
      if (fault !== undefined) reading.refuse(index, fault);
      index += 1;
      if (element.end >= pauseAt) {
        yield;
        pauseAt = element.end + stepBytes;
      }
    }
  } catch (error) {
    if (!(error instanceof BrokenText)) throw error;
    reading.refuse(index, error.message);
  }
  const { refused, reasons } = reading;
  return { batch: reading.finish(), refused, reasons };
}

/** One line for a sender, e.g. `2 of 10 events are refused: event 3: ...; event 7: ...`. */
export function refusedText({ batch, refused, reasons }: ReadLogs): string {
  const more = refused > reasons.length ? '; ...' : '';
  const all = refused + (batch?.itemCount ?? 0);
  return `${refused} of ${all} events are refused: ${reasons.join('; ')}${more}`;
}
