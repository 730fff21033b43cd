/**
 * node bench/ottl/stages.ts [rounds]: microseconds a span of filter and transform alone, in this
 * process, on 1,000 spans of the bench's load; what is written is counted too.
 */
import { background, type Context } from '../../component/consumer.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import { parseYaml } from '../../config/confmap/parse.ts';
import { decode } from '../../config/schema/index.ts';
import { nodeAt } from '../../config/schema/node.ts';
import type { Batch } from '../../pdata/batch.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { factory as attributes } from '../../processors/attributes/index.ts';
import { factory as filter } from '../../processors/filter/index.ts';
import { factory as transform } from '../../processors/transform/index.ts';
import { testSettings } from '../../testing/settings.ts';
import { request } from '../lib/payload.ts';
import { statementProcessors } from '../lib/statements.ts';

const rounds = Number(process.argv[2] ?? 300);
const items = 1000;
const body = request('traces', items);
const factories = { attributes, filter, transform } as const;
const yaml = parseYaml(statementProcessors.replaceAll('$$', '$'), 'bench.yaml');

type Stage = keyof typeof factories;

interface Consumer {
  readonly mutates: boolean;
  consume(batch: Batch<'traces'>, ctx: Context): Promise<void>;
}

/** Gives a consumer batches as the graph does. */
async function give(to: Consumer, batch: Batch<'traces'>, ctx: Context): Promise<void> {
  await to.consume(to.mutates ? batch.editable() : batch, ctx);
}

function chain(stages: readonly Stage[]): Consumer {
  let next: Consumer = { mutates: false, consume: async (batch) => void batch.ranges() };
  for (const stage of stages.toReversed()) {
    const factory = factories[stage] as unknown as ProcessorFactory<unknown>;
    const node = nodeAt(yaml, [stage]);
    const decoded = decode(node!, factory.config, [stage]);
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.issues));
    const last = next;
    const edge: Consumer = { mutates: false, consume: (batch, ctx) => give(last, batch, ctx) };
    next = factory.create('traces', testSettings(), decoded.value, edge);
  }
  return next;
}

async function measure(name: string, stages: readonly Stage[]): Promise<void> {
  const first = chain(stages);
  const batches = Array.from({ length: rounds }, () => parseRequest('traces', Buffer.from(body)));
  for (let i = 0; i < 2; i += 1) {
    const start = process.cpuUsage();
    for (const batch of batches) {
      await give(first, batch, background);
    }
    const { user, system } = process.cpuUsage(start);
    if (i === 1)
      console.log(`${name.padEnd(34)} ${((user + system) / rounds / items).toFixed(3)} us a span`);
  }
}

await measure('attributes', ['attributes']);
await measure('filter', ['filter']);
await measure('transform', ['transform']);
await measure('attributes + filter + transform', ['attributes', 'filter', 'transform']);
