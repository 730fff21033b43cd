/** Where the edits of one node are: kept for a node with many of them. Places in PartEdits.ops. */
export class EditIndex {
  readonly node: number;
  /** The newest edit of each name. */
  readonly #named = new Map<number, number>();
  /** The newest edit that replaces what begins at a byte. */
  readonly #at = new Map<number, number>();

  constructor(node: number) {
    this.node = node;
  }

  /** Adds an edit that is newer than those that are there. */
  add(op: number, name: number, oldStart: number, oldEnd: number): void {
    this.#named.set(name, op);
    if (oldStart !== oldEnd) this.#at.set(oldStart, op);
  }

  named(name: number): number {
    return this.#named.get(name) ?? -1;
  }

  at(oldStart: number): number {
    return this.#at.get(oldStart) ?? -1;
  }
}
