import assert from 'node:assert/strict';
import { parseYaml } from '../../config/confmap/parse.ts';
import { TracesBuilder } from '../../pdata/builder.ts';
import { createBudget } from '../../pipeline/budget.ts';
import { Ledger } from '../../pipeline/ledger.ts';
import { FeatureGates } from '../config/gates.ts';
import type { ProgramConfig } from '../config/program.ts';
import { resolveConfig } from '../config/resolve.ts';
import { createService } from '../graph/service.ts';
import { systemClock, systemRandom } from '../telemetry/clock.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMeter } from '../telemetry/meter.ts';
import { noTracer } from '../telemetry/tracer.ts';
import { createProbe, testRegistry } from './components.ts';

/** A service of test components, made of a configuration and not started. */
export async function buildService(yaml: string) {
  const probe = createProbe();
  const registry = testRegistry(probe);
  const decode = async (text: string): Promise<ProgramConfig> => {
    const root = parseYaml(text, 'test.yaml');
    assert.ok(root.kind === 'map');
    return (await resolveConfig(root, registry)).config;
  };
  const config = await decode(yaml);
  const ledger = new Ledger();
  const fatal: Error[] = [];
  const environment = {
    logger: await createLogger(config.telemetry.logs, {}, systemClock, () => {}),
    meter: createMeter(),
    tracer: noTracer,
    clock: systemClock,
    random: systemRandom,
    budget: createBudget(1e6),
    ledger,
    build: { command: 'test', version: '0' },
    gates: new FeatureGates(),
  };
  const service = createService(config, environment, {
    fatal: (error) => fatal.push(error),
    reload: async () => ({ changed: false, faults: [] }),
    configFiles: () => [],
    gates: () => [],
    config: async () => '{}',
  });
  return { probe, service, ledger, fatal, decode };
}

/** One span. */
export function oneSpan() {
  const builder = new TracesBuilder();
  builder.resource({});
  builder.scope('s', '');
  const ids = { traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(2) };
  builder.span({ ...ids, name: 'a', startTimeUnixNano: 1n, endTimeUnixNano: 2n });
  return builder.finish();
}
