import { dayOf, secondsOf } from '../time.ts';
import { type ItemSink, walkItems } from '../walk.ts';
import { type InternedSet, type SetLimits, SetTable } from './sets.ts';
import type { WrittenRows } from './written-rows.ts';

/** Times in [receipt - PAST, receipt + FUTURE] choose their own partition; seconds. */
const PAST = 86_400;
const FUTURE = 3_600;

/** What the encoders of schema `smart` share: the walk, resources and scopes as sets, buckets. */
export abstract class SmartEncoder implements ItemSink {
  protected readonly written: WrittenRows;
  /** Sets of the item that is at hand. */
  protected currentResource: InternedSet | undefined;
  protected currentScope: InternedSet | undefined;
  /** When the batch at hand came in, Unix seconds. */
  protected receipt = 0;
  readonly #resources: SetTable;
  readonly #scopes: SetTable;
  readonly #bucketS: number;

  /**
   * @param key 16 bytes of setting `id_key`
   * @param written dictionary rows that need no repeating
   * @param bucketS length of a bucket in seconds
   */
  protected constructor(
    key: Uint8Array,
    written: WrittenRows,
    limits: SetLimits | undefined,
    bucketS: number,
  ) {
    this.#resources = new SetTable('resource', key, limits);
    this.#scopes = new SetTable('scope', key, limits);
    this.#bucketS = bucketS;
    this.written = written;
  }

  /** Resources and scopes that had to be stored with their rows since start. */
  get inlined(): number {
    return this.#resources.inlined + this.#scopes.inlined;
  }

  /**
   * Adds all items of one range of a batch.
   * @param receiptSeconds when the batch came in, Unix seconds
   */
  append(range: Uint8Array, receiptSeconds: number): void {
    this.receipt = Math.floor(receiptSeconds);
    walkItems(range, this);
  }

  resource(b: Uint8Array, start: number, end: number, urlStart: number, urlEnd: number): void {
    const today = dayOf(this.receipt);
    this.currentResource = this.#resources.find(b, start, end, urlStart, urlEnd, today);
  }

  scope(b: Uint8Array, start: number, end: number, urlStart: number, urlEnd: number): void {
    const today = dayOf(this.receipt);
    this.currentScope = this.#scopes.find(b, start, end, urlStart, urlEnd, today);
  }

  abstract item(b: Uint8Array, start: number, end: number): void;

  /** The bucket of a time, whose two halves are given, in seconds. */
  protected bucketOf(low: number, high: number): number {
    const seconds = secondsOf(low, high);
    const { receipt } = this;
    const near = seconds >= receipt - PAST && seconds <= receipt + FUTURE;
    const base = near ? seconds : receipt;
    return base - (base % this.#bucketS);
  }
}
