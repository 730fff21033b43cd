import { redOfServicesStatement, redStatement } from '../schema/red.ts';
import { tableName } from '../schema/table.ts';
import { RowBinaryReader } from '../traces/row-binary.ts';
import { quantile, type Red, RedSum } from './bands.ts';
import type { RedSeries } from './model.ts';
import {
  band,
  type Figures,
  figuresBy,
  isCaptured,
  readFigures,
  timeCondition,
  type Where,
} from './statement.ts';
import type { StepWindow } from './window.ts';

/** Figures of one thing over a window: in all, and by step. */
export class SteppedRed {
  readonly total = new RedSum();
  readonly series: RedSeries;

  constructor(window: Pick<StepWindow, 'steps'>) {
    this.series = {
      calls: new Float64Array(window.steps),
      errors: new Float64Array(window.steps),
      p95Ns: new Float64Array(window.steps).fill(Number.NaN),
    };
  }

  /** Each step once. */
  add(step: number, { calls, errors, keys, counts }: Figures): void {
    const own = new RedSum();
    own.addBands(calls, errors, keys, counts);
    this.addRed(step, own);
  }

  /** Each step once. */
  addRed(step: number, red: Red): void {
    this.total.add(red);
    if (step >= this.series.calls.length) return;
    this.series.calls[step] = red.calls;
    this.series.errors[step] = red.errors;
    this.series.p95Ns[step] = quantile(red.bands, 0.95) ?? Number.NaN;
  }

  /** All in one, of the same window; a step's p95 is the longest of them. */
  with(others: readonly SteppedRed[]): SteppedRed {
    const sum = new SteppedRed({ steps: this.series.calls.length });
    for (const { total, series } of [this, ...others]) {
      sum.total.add(total);
      for (const [step, calls] of series.calls.entries()) {
        sum.series.calls[step]! += calls;
        sum.series.errors[step]! += series.errors[step]!;
        const [before, own] = [sum.series.p95Ns[step]!, series.p95Ns[step]!];
        if (Number.isNaN(before) || own > before) sum.series.p95Ns[step] = own;
      }
    }
    return sum;
  }
}

/** Rows of one statement about services or operations. */
const maxRedRows = 100_000;

/** Number of the step that a minute is in. */
export function stepOf(minute: string, window: StepWindow): string {
  return `toUInt32(intDiv(toUnixTimestamp(${minute}) - ${window.fromS}, ${window.stepS}))`;
}

const counted = { calls: 'calls', errors: 'if(status_code = 2, calls, 0)' };
const each = { calls: '1', errors: 'status_code = 2' };

/**
 * Spans by service, whether they are entries (kind SERVER or CONSUMER), and step, out of the
 * projection. Read by {@link readServices}.
 */
export function redByService(where: Where, window: StepWindow): string {
  const from = `SELECT service, toUInt8(kind IN (2, 5)) AS entry,
      ${stepOf('minute', window)} AS step, status_code, band, calls
    FROM (${redOfServicesStatement(where, window.fromS, window.toS)})`;
  return `${figuresBy('service, entry, step', counted, from)} LIMIT ${maxRedRows}`;
}

/** The same, of the spans of some services that were not captured: parameter `services`. */
export function redOfSdkSpans(where: Where, window: StepWindow): string {
  const from = `SELECT service, toUInt8(kind IN (2, 5)) AS entry,
      ${stepOf('toStartOfMinute(time)', window)} AS step, status_code, ${band}
    FROM ${tableName(where, 'spans')}
    WHERE ${timeCondition(window.fromS, window.toS)} AND service IN {services:Array(String)}
      AND NOT ${isCaptured(where)}`;
  return `${figuresBy('service, entry, step', each, from)} LIMIT ${maxRedRows}`;
}

/** Figures of a service: of its entries, and of all its other spans. */
export interface ServiceSpans {
  readonly entries: SteppedRed;
  readonly others: SteppedRed;
}

/**
 * Reads RowBinary of the statements by service, entry and step. @throws RangeError when the bytes
 * end within a row
 */
export function readServices(bytes: Uint8Array, window: StepWindow): Map<string, ServiceSpans> {
  const services = new Map<string, ServiceSpans>();
  const r = new RowBinaryReader(bytes);
  while (!r.done) {
    const name = r.string();
    const entry = r.uint8();
    const step = r.uint32();
    let own = services.get(name);
    if (own === undefined) {
      own = { entries: new SteppedRed(window), others: new SteppedRed(window) };
      services.set(name, own);
    }
    (entry === 1 ? own.entries : own.others).add(step, readFigures(r));
  }
  return services;
}

/** Spans of one service (parameter `service`) by operation, out of the projection. */
export function redByOperation(where: Where, window: StepWindow): string {
  const from = `SELECT name, kind, ${stepOf('minute', window)} AS step, status_code, band, calls
    FROM (${redStatement(where, window.fromS, window.toS)}) WHERE service = {service:String}`;
  return `${figuresBy('name, kind, step', counted, from)} LIMIT ${maxRedRows}`;
}

/** The same, of the service's spans that were not captured. */
export function sdkOperations(where: Where, window: StepWindow): string {
  const from = `SELECT name, kind, ${stepOf('toStartOfMinute(time)', window)} AS step,
      status_code, ${band} FROM ${tableName(where, 'spans')}
    WHERE ${timeCondition(window.fromS, window.toS)} AND service = {service:String}
      AND NOT ${isCaptured(where)}`;
  return `${figuresBy('name, kind, step', each, from)} LIMIT ${maxRedRows}`;
}

interface OperationSpans {
  readonly name: string;
  readonly kind: number;
  readonly red: SteppedRed;
}

/** @param share every figure stands for so many */
export function readOperations(
  bytes: Uint8Array,
  window: StepWindow,
  share: number,
): OperationSpans[] {
  const operations = new Map<string, OperationSpans>();
  const r = new RowBinaryReader(bytes);
  while (!r.done) {
    const name = r.string();
    const kind = r.uint8();
    const step = r.uint32();
    const key = `${kind} ${name}`;
    let own = operations.get(key);
    if (own === undefined) {
      own = { name, kind, red: new SteppedRed(window) };
      operations.set(key, own);
    }
    own.red.add(step, readFigures(r, share));
  }
  return [...operations.values()];
}
