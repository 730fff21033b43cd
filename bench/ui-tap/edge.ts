// node scripts/launch.mjs bench/ui-tap/edge.ts
// One edge of the graph by itself: nanoseconds a batch through an edge that counts, refuses and can
// be looked at, and through one that only counts.
import { background, type Consumer, type Context } from '../../component/consumer.ts';
import type { Traces } from '../../pdata/batch.ts';
import { parseJson } from '../../pdata/json.ts';
import { Ledger } from '../../pipeline/ledger.ts';
import { median } from '../lib/table.ts';

const batches = 2_000_000;
const rounds = 9;

const sink: Consumer<'traces'> = { mutates: false, consume: () => Promise.resolve() };

/** What an edge needs to do at least. */
class OnlyCounts implements Consumer<'traces'> {
  readonly mutates = false;
  readonly #to: Consumer<'traces'>;
  readonly #book = { items: 0, out: 0, in: 0 };

  constructor(to: Consumer<'traces'>) {
    this.#to = to;
  }

  async consume(batch: Traces, ctx: Context): Promise<void> {
    const items = batch.itemCount;
    await this.#to.consume(batch, ctx);
    this.#book.items += items;
    this.#book.out += items;
    this.#book.in += items;
  }
}

const batch = parseJson('traces', Buffer.from('{"resourceSpans":[]}'));
const edges: Readonly<Record<string, Consumer<'traces'>>> = {
  'only counts': new OnlyCounts(sink),
  'can be looked at': new Ledger().edge('a', 'b', sink),
};
const times = new Map(Object.keys(edges).map((name) => [name, [] as number[]]));
for (let round = 0; round <= rounds; round++) {
  const turn = Object.entries(edges);
  if (round % 2 === 1) turn.reverse();
  for (const [name, edge] of turn) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < batches; i++) await edge.consume(batch, background);
    const ns = Number(process.hrtime.bigint() - start) / batches;
    if (round > 0) times.get(name)!.push(ns); // the first warms up
  }
}
for (const [name, all] of times) {
  const sorted = all.toSorted((a, b) => a - b);
  const range = `${sorted[0]!.toFixed(1)} to ${sorted.at(-1)!.toFixed(1)}`;
  console.log(`${name.padEnd(18)} ${median(all).toFixed(1)} ns a batch (${range})`);
}
