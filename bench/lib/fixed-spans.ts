/** The fixed spans of bench/schema in the store of a running program. */
import type { AllInOne } from '../../integration/lib/all-in-one.ts';
import {
  generatorSeed,
  generatorSelect,
  generatorStartNs,
  spansPerTrace,
} from '../schema/generator.ts';
import { sleep } from './process.ts';

const columns = `bucket, batch, trace_id, span_id, parent_span_id, time, duration, service, name,
  kind, status_code, status_message, flags, resource_id, scope_id, attributes_string,
  attributes_int, attributes_float, attributes_bool, \`events.time\`, \`events.name\`,
  \`events.attributes\``;
const rest = '`events.attributes_other`, `events.dropped_attributes`';

/** Fills the store of a running program, and waits until its merges have settled. */
export async function loadFixedSpans(program: AllInOne, spans: number): Promise<void> {
  const traces = Math.ceil(spans / spansPerTrace);
  const step = 7_000;
  for (let from = 0; from < traces; from += step) {
    await insert(
      program,
      `INSERT INTO wirestitch.spans (${columns}, ${rest})
      SELECT ${columns}, arrayMap(e -> CAST(map(), 'Map(String, String)'), \`events.time\`),
        arrayMap(e -> toUInt32(0), \`events.time\`)
      FROM (${generatorSelect(from, Math.min(step, traces - from))})
      SETTINGS max_block_size = 1000000, min_insert_block_size_rows = 1000000, max_threads = 2`,
    );
  }
  await loadDictionaries(program);
  for (let calm = 0; calm < 3; ) {
    const merges = await program.scalar('SELECT count() FROM system.merges');
    calm = merges === '0' ? calm + 1 : 0;
    await sleep(500);
  }
}

/** Memory that merges have at the moment comes back. */
async function insert(program: AllInOne, sql: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await program.scalar(sql);
      return;
    } catch (error) {
      if (tries === 20 || !String(error).includes('MEMORY_LIMIT_EXCEEDED')) throw error;
      await sleep(2_000);
    }
  }
}

/** The 2,000 resources, 25 scopes and all operations of the generated spans. */
async function loadDictionaries(program: AllInOne): Promise<void> {
  const day = `toDate(fromUnixTimestamp64Nano(toInt64(${generatorStartNs}), 'UTC'))`;
  const id = (...parts: string[]) => `sipHash64('${generatorSeed}', ${parts.join(', ')})`;
  const instance = 'toUInt32(number)';
  await program.scalar(`INSERT INTO wirestitch.resources (day, id, service, attributes)
    SELECT ${day}, ${id("'resource'", instance)}, concat('svc-', toString(intDiv(number, 40))),
      map('service.name', concat('svc-', toString(intDiv(number, 40))),
        'service.version', '1.4.2', 'service.instance.id', toString(${id("'a'", instance)}),
        'host.name', concat('node-', toString(number % 60)), 'os.type', 'linux',
        'k8s.pod.name', concat('pod-', lower(hex(number * 7919))), 'k8s.namespace.name', 'shop',
        'telemetry.sdk.name', 'opentelemetry', 'telemetry.sdk.language', 'java')
    FROM numbers(2000)`);
  await program.scalar(`INSERT INTO wirestitch.scopes (day, id, name, version)
    SELECT ${day}, ${id("'scope'", 'toUInt8(intDiv(number, 5))', 'toUInt8(number % 5)')},
      concat('com.example.lib', toString(intDiv(number, 5))), '1.0' FROM numbers(25)`);
  await program.scalar(`INSERT INTO wirestitch.operations (day, service, name, kind)
    SELECT DISTINCT toDate(bucket), service, name, kind FROM wirestitch.spans`);
}
