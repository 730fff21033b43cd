// Cost of turning OTLP bytes into Native blocks, alone: CPU microseconds and bytes an item.
//   node scripts/launch.mjs bench/clickhouse/encode.ts [traces|logs|metrics] [otel|smart]
import { OtelTracesEncoder } from '../../wire/clickhouse/otel/traces.ts';
import { request } from '../lib/payload.ts';

const ROWS = 50_000;
const REPEATS = 7;

function run(): void {
  const body = new Uint8Array(request('traces', 1000));
  const encoder = new OtelTracesEncoder();
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const before = process.cpuUsage();
    for (let rows = 0; rows < ROWS; rows += 1000) encoder.append(body);
    const middle = process.cpuUsage(before);
    const blocks = encoder.seal({ table: 'otel_traces', batchId: 1n });
    const after = process.cpuUsage(before);
    const us = (usage: NodeJS.CpuUsage): string => ((usage.user + usage.system) / ROWS).toFixed(2);
    const bytes = blocks.reduce((sum, block) => sum + block.body.length, 0);
    console.log(
      `traces otel: ${us(middle)} us append, ${us(after)} us in all, ${(bytes / ROWS) | 0} B a row of ${body.length / 1000} B`,
    );
  }
}

run();
