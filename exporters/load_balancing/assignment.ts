/** Backend that a routing key belongs to, -1 = none. */
export type BackendOf = (key: Uint8Array | string) => number;

/** Which items go where. */
export class Routes {
  /** For each backend: 1 for each of its items, in the order of the readers. */
  readonly parts = new Map<number, Uint8Array>();
  /** Items that no backend is for. */
  skipped = 0;
  readonly #items: number;
  #next = 0;

  constructor(items: number) {
    this.#items = items;
  }

  /** Takes items away again. @param items 1 for each of them */
  leaveOut(items: Uint8Array): void {
    for (const part of this.parts.values()) {
      for (let i = 0; i < part.length; i += 1) if (items[i] !== 0) part[i] = 0;
    }
  }

  /** Gives the next item to a backend; undefined = to none. */
  give(backend: number | undefined): void {
    if (backend === undefined) this.skipped += 1;
    else {
      let part = this.parts.get(backend);
      if (part === undefined) {
        part = new Uint8Array(this.#items);
        this.parts.set(backend, part);
      }
      part[this.#next] = 1;
    }
    this.#next += 1;
  }
}
