import type { GroupedFiles } from './grouped-files.ts';
import type { Output } from './output.ts';

/** What the exporters of all signals write to; opened by the first, closed by the last. */
export interface Target {
  readonly single?: Output;
  readonly grouped?: GroupedFiles;
}

/** Counts who uses the target: the first `acquire` opens it, the last `release` closes it. */
export class SharedOutput {
  #target: Promise<Target> | undefined;
  #users = 0;

  acquire(open: () => Promise<Target>): Promise<Target> {
    this.#users += 1;
    this.#target ??= open();
    return this.#target;
  }

  async release(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    const target = this.#target;
    this.#target = undefined;
    const opened = await target?.catch(() => undefined);
    await opened?.single?.close();
    await opened?.grouped?.close();
  }
}
