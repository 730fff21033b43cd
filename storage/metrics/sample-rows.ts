import { joinDecimal } from '../../wire/clickhouse/smart-metrics/decimal.ts';
import { SampleColumns } from './columns.ts';

/**
 * Rows as the samples query gives them, RowBinary: series UInt64, time in ms Int64, mantissa Int64,
 * scale Int8; sorted by series and time.
 */
export const sampleRow =
  'series_id, intDiv(reinterpretAsInt64(time), 1000000) AS ms, mantissa, ' +
  'if(bitAnd(flags, 1) = 1, toInt8(-3), scale) AS shown_scale';

const ROW = 25;

/** Makes columns of rows that come in pieces of any size. */
export class SampleRows {
  rows = 0;
  readonly bySeries = new Map<string, SampleColumns>();
  readonly #rest = new Uint8Array(ROW);
  #resting = 0;
  #low = 0;
  #high = 0;
  #current: SampleColumns | undefined;
  readonly #out = scratch();

  add(piece: Uint8Array): void {
    let at = 0;
    if (this.#resting > 0) {
      at = Math.min(ROW - this.#resting, piece.length);
      this.#rest.set(piece.subarray(0, at), this.#resting);
      this.#resting += at;
      if (this.#resting < ROW) return;
      this.#row(new DataView(this.#rest.buffer), 0);
      this.#resting = 0;
    }
    const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
    for (; at + ROW <= piece.length; at += ROW) this.#row(view, at);
    this.#rest.set(piece.subarray(at));
    this.#resting = piece.length - at;
  }

  /** @throws RangeError when the last row is not whole */
  end(): void {
    if (this.#resting > 0) throw new RangeError('cannot read samples: the answer ends in a row');
  }

  #row(view: DataView, at: number): void {
    this.rows++;
    const low = view.getUint32(at, true);
    const high = view.getUint32(at + 4, true);
    if (this.#current === undefined || low !== this.#low || high !== this.#high) {
      this.#low = low;
      this.#high = high;
      this.#current = new SampleColumns();
      this.bySeries.set(String((BigInt(high) << 32n) | BigInt(low)), this.#current);
    }
    const ms = view.getInt32(at + 12, true) * 0x1_0000_0000 + view.getUint32(at + 8, true);
    const out = this.#out;
    const mantissa = view.getUint32(at + 16, true);
    joinDecimal(mantissa, view.getUint32(at + 20, true), view.getInt8(at + 24), out);
    this.#current.put(ms, out.halves[0]!, out.halves[1]!);
  }
}

/** A double and its halves. */
export function scratch(): { double: Float64Array; halves: Uint32Array } {
  const double = new Float64Array(1);
  return { double, halves: new Uint32Array(double.buffer) };
}
