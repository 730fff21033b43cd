import type { AttributeSet } from '../../pdata/builder.ts';

/** The series that takes what comes when there are as many as may be. */
const OVERFLOW = 0;

/** Seconds without a change after which a series that nobody holds makes room. */
const IDLE_SECONDS = 300;

const overflowAttributes: AttributeSet = { 'otel.metric.overflow': true };

/**
 * Numbers of a bounded set of series: `width` floats each, in one array. What does not fit any more
 * is added up in the series `OVERFLOW`, whose attributes say so. A series that did not change for
 * five minutes and that no flow holds is forgotten, and its place used again.
 */
export class SeriesTable {
  /** Numbers of series `i` start at `i * width`. */
  values: Float64Array<ArrayBuffer>;
  readonly width: number;
  readonly attributes: (AttributeSet | undefined)[] = [overflowAttributes];
  /** Seconds since 1970 from which a series counts. */
  readonly since: number[] = [0];
  /** Series that have changed since they were last cleared. */
  readonly changed: number[] = [];
  /** Times that something went to the overflow series instead of its own. */
  overflowed = 0;
  private readonly most: number;
  private readonly byKey = new Map<string, number>();
  private readonly keys: (string | undefined)[] = [''];
  private readonly holders: number[] = [1];
  private readonly seen: number[] = [0];
  private readonly isChanged: boolean[] = [false];
  private readonly free: number[] = [];
  private second = 0;

  /** @param most series at once, the overflow series not counted */
  constructor(width: number, most: number) {
    this.width = width;
    this.most = most;
    this.values = new Float64Array(width * 64);
  }

  get count(): number {
    return this.byKey.size;
  }

  /** The series of a key; made when there is room, else `OVERFLOW`. */
  of(key: string, attributes: () => AttributeSet): number {
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    if (this.byKey.size >= this.most) {
      this.overflowed++;
      return OVERFLOW;
    }
    const series = this.free.pop() ?? this.keys.length;
    this.byKey.set(key, series);
    this.keys[series] = key;
    this.attributes[series] = attributes();
    this.since[series] = this.second;
    this.seen[series] = this.second;
    this.holders[series] = 0;
    this.isChanged[series] = false;
    if ((series + 1) * this.width > this.values.length) this.grow();
    this.values.fill(0, series * this.width, (series + 1) * this.width);
    return series;
  }

  hold(series: number): void {
    this.holders[series]!++;
  }

  leave(series: number): void {
    this.holders[series]!--;
  }

  touch(series: number): void {
    if (this.isChanged[series]) return;
    this.isChanged[series] = true;
    this.changed.push(series);
  }

  /**
   * An interval is over and its changes have been written.
   * @param reset numbers start at zero again
   * @param second seconds since 1970 at which the next interval begins
   */
  turn(reset: boolean, second: number): void {
    for (const series of this.changed) {
      this.isChanged[series] = false;
      this.seen[series] = second;
      if (reset) this.values.fill(0, series * this.width, (series + 1) * this.width);
    }
    this.changed.length = 0;
    if (this.since[OVERFLOW] === 0) this.since[OVERFLOW] = second;
    if (Math.floor(second / 60) !== Math.floor(this.second / 60)) this.forgetIdle(second);
    this.second = second;
  }

  private forgetIdle(second: number): void {
    for (const [key, series] of this.byKey) {
      if (this.holders[series]! > 0 || second - this.seen[series]! < IDLE_SECONDS) continue;
      this.byKey.delete(key);
      this.keys[series] = undefined;
      this.attributes[series] = undefined;
      this.free.push(series);
    }
  }

  private grow(): void {
    const old = this.values;
    this.values = new Float64Array(old.length * 2);
    this.values.set(old);
  }
}
