import type { Metrics } from '../../pdata/batch.ts';
import { OtlpBatch, otlpBatch } from '../../pdata/otlp-batch.ts';
import type { Planned } from './plan.ts';
import { Rewriter } from './rewrite.ts';

/** Edits batches on their bytes where that is enough. */
export class Editor {
  readonly #rewriter: Rewriter;

  /** @param planOf what becomes of metrics of a name; asked for each metric */
  constructor(planOf: (name: string) => Planned) {
    this.#rewriter = new Rewriter(planOf);
  }

  /** @returns the batch as edited; 'none' = nothing to do; 'objects' = it takes more than edits */
  edit(batch: Metrics): Metrics | 'none' | 'objects' {
    const rewriter = this.#rewriter;
    const ranges = batch.ranges();
    const { counts } = otlpBatch(batch);
    const looks = ranges.length === 1 ? undefined : ranges.map((range) => rewriter.look(range));
    if (looks?.includes('objects')) return 'objects';
    if (looks?.every((look) => look === 'none')) return 'none';
    const edited: Uint8Array[] = [];
    const left: number[] = [];
    for (let i = 0; i < ranges.length; i += 1) {
      const range = ranges[i]!;
      const look = rewriter.look(range);
      if (looks === undefined && look !== 'edits') return look;
      const bytes = rewriter.edit(range);
      if (bytes === undefined) return 'objects';
      if (bytes.length === 0) continue;
      edited.push(bytes);
      left.push(counts[i]! - rewriter.dropped);
    }
    return new OtlpBatch('metrics', edited, left);
  }
}
