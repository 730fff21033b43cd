import assert from 'node:assert/strict';
import test from 'node:test';
import { parseYaml } from '../../config/confmap/parse.ts';
import { toPlain } from '../../config/schema/node.ts';
import type { HealthCheckV2Config } from '../../extensions/healthcheckv2/config.ts';
import { withGateDefaults } from './gate-defaults.ts';
import { gateTable } from './gate-table.ts';
import { describeGates, FeatureGates } from './gates.ts';
import { resolveConfig } from './resolve.ts';

test('gates are on or off by their stage until they are set', () => {
  const gates = new FeatureGates();
  for (const gate of gateTable) {
    assert.equal(gates.enabled(gate.id), gate.stage === 'beta' || gate.stage === 'stable', gate.id);
  }
  const lines = gates.apply(
    'service.AllowNoPipelines,+service.profilesSupport,-processor.filter.defaultErrorModeIgnore',
  );
  assert.deepEqual(lines, []);
  assert.equal(gates.enabled('service.AllowNoPipelines'), true);
  assert.equal(gates.enabled('service.profilesSupport'), true);
  assert.equal(gates.enabled('processor.filter.defaultErrorModeIgnore'), false);
  gates.apply('-service.AllowNoPipelines');
  assert.equal(gates.enabled('service.AllowNoPipelines'), false);
  assert.throws(() => gates.enabled('nonsense'), /^Error: BUG: /);
});

test('gates that cannot be set so', () => {
  const f = (list: string, message: string) =>
    assert.throws(
      () => new FeatureGates().apply(list),
      (error: Error) => error.message.startsWith(message),
      list,
    );
  f('nonsense', 'no such feature gate "nonsense". valid gates: [clickhouse.json ');
  f('service.allownopipelines', 'no such feature gate "service.allownopipelines" (did you mean');
  f('clickhouse.json', 'feature gate "clickhouse.json" is deprecated, can not be enabled');
  f(
    '-ottl.contexts.enableOTelColContext',
    'feature gate "ottl.contexts.enableOTelColContext" can not be disabled: this program has not',
  );
  f('+ottl.contexts.enableOTelColContext,a,-b', 'no such feature gate "a"');
  assert.deepEqual(new FeatureGates().apply('+ottl.contexts.enableOTelColContext'), []);
  assert.deepEqual(new FeatureGates().apply(''), []);
  assert.equal(new FeatureGates().apply('-clickhouse.json').length, 1);
});

test('gates change defaults, not what is written', () => {
  const off = new FeatureGates();
  off.apply('-processor.filter.defaultErrorModeIgnore');
  const f = (text: string, gates: FeatureGates, type = 'filter') =>
    toPlain(withGateDefaults(parseYaml(text, 'f'), 'processor', type, gates));
  assert.deepEqual(f('', off), { error_mode: 'propagate' });
  assert.deepEqual(f('{a: 1}', off), { a: 1, error_mode: 'propagate' });
  assert.deepEqual(f('{error_mode: silent}', off), { error_mode: 'silent' });
  assert.deepEqual(f('{a: 1}', off, 'transform'), { a: 1 });
  assert.deepEqual(f('{a: 1}', new FeatureGates()), { a: 1 });
});

test('gates change defaults inside sections', () => {
  const on = new FeatureGates();
  on.apply('connector.spanmetrics.useSecondAsDefaultMetricsUnit');
  const f = (text: string, gates: FeatureGates) =>
    toPlain(withGateDefaults(parseYaml(text, 'f'), 'connector', 'span_metrics', gates));
  assert.deepEqual(f('', on), { histogram: { unit: 's' } });
  assert.deepEqual(f('{histogram: {disable: true}}', on), {
    histogram: { disable: true, unit: 's' },
  });
  assert.deepEqual(f('{histogram: {unit: ms}}', on), { histogram: { unit: 'ms' } });
  assert.deepEqual(f('{histogram: 1}', on), { histogram: 1 });
  assert.deepEqual(f('{}', new FeatureGates()), {});
});

test('the table, and one gate', () => {
  const lines = describeGates(new FeatureGates()).trimEnd().split('\n');
  assert.equal(lines.length, gateTable.length + 1);
  assert.match(lines[0]!, /^ID +Enabled {2}Stage +Description$/);
  const one = describeGates(new FeatureGates(), 'service.AllowNoPipelines');
  assert.match(one, /^Feature: service.AllowNoPipelines\nEnabled: false\nStage: Alpha\nDescr/);
  assert.match(one, /\nFrom Version: v0\.122\.0\n$/);
  assert.throws(
    () => describeGates(new FeatureGates(), 'nope'),
    /^Error: feature "nope" not found/,
  );
});

test('the table is in order and its ids are of letters, digits and dots', () => {
  const ids = gateTable.map((gate) => gate.id);
  assert.deepEqual(ids, ids.toSorted());
  for (const id of ids) assert.match(id, /^[0-9a-zA-Z.]+$/);
});

test('health_check becomes healthcheckv2 with the gate of component status', async () => {
  const on = new FeatureGates();
  on.apply('extension.healthcheck.useComponentStatus');
  const f = async (text: string, gates: FeatureGates) => {
    const yaml = `
extensions: {health_check: ${text}}
receivers: {otlp: {protocols: {grpc: }}}
exporters: {nop: }
service: {extensions: [health_check], pipelines: {logs: {receivers: [otlp], exporters: [nop]}}}`;
    const root = parseYaml(yaml, 'f');
    if (root.kind !== 'map') throw new Error('BUG: no map');
    const { config } = await resolveConfig(root, undefined, gates);
    return config.components.extension.get('health_check')!;
  };
  assert.equal((await f('{}', new FeatureGates())).factory.type, 'health_check');
  await assert.rejects(f('{http: {}}', new FeatureGates()), /--feature-gates=\+extension\.health/);
  const plain = await f('{endpoint: "localhost:1", path: /live}', on);
  assert.equal(plain.factory.type, 'healthcheckv2');
  const { http, grpc, use_v2: isSecond } = plain.config as HealthCheckV2Config;
  assert.deepEqual([isSecond, grpc, http?.endpoint], [true, undefined, 'localhost:1']);
  assert.deepEqual([http?.status.path, http?.config.enabled], ['/live', false]);
  const own = (await f('{grpc: {endpoint: "localhost:2"}}', on)).config as HealthCheckV2Config;
  assert.deepEqual([own.http, own.grpc?.endpoint], [undefined, 'localhost:2']);
});
