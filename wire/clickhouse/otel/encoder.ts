import type { Block } from '../block.ts';
import type { DayTables, SealOptions, Table } from '../day-tables.ts';
import { type ItemSink, walkItems } from '../walk.ts';
import { ResourceState, ScopeState } from './common.ts';

/** What the encoders of the contrib tables share: the walk, what rows have in common, blocks. */
export abstract class OtelEncoder implements ItemSink {
  protected readonly resources = new ResourceState();
  protected readonly scopes = new ScopeState();
  /** One for each table that items go to. */
  readonly #families: readonly DayTables<Table>[];

  protected constructor(...families: DayTables<Table>[]) {
    this.#families = families;
  }

  /** Adds all items of one range of a batch. */
  append(range: Uint8Array): void {
    walkItems(range, this);
  }

  /** Rows held for all tables. */
  get rows(): number {
    return this.#families.reduce((sum, tables) => sum + tables.rows, 0);
  }

  /** Bytes of column data held. */
  get bytes(): number {
    return this.#families.reduce((sum, tables) => sum + tables.bytes, 0);
  }

  /** What was added for one family as blocks, one a day; that family is empty afterwards. */
  protected sealFamily(index: number, options: SealOptions): Block[] {
    return this.#families[index]!.seal(options);
  }

  resource(b: Uint8Array, start: number, end: number, urlStart: number, urlEnd: number): void {
    this.resources.set(b, start, end, urlStart, urlEnd);
  }

  scope(b: Uint8Array, start: number, end: number, urlStart: number, urlEnd: number): void {
    this.scopes.set(b, start, end, urlStart, urlEnd);
  }

  abstract item(b: Uint8Array, start: number, end: number): void;
}
