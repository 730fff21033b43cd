import type { Component } from '../../component/component.ts';

/** An instance in the graph. */
export interface GraphNode {
  /** Name in the ledger and in messages, e.g. `processor/batch@traces/2`. */
  readonly name: string;
  readonly component: Component;
}
