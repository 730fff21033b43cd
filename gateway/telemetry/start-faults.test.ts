import assert from 'node:assert/strict';
import test from 'node:test';
import { telemetrySchema } from './config.ts';
import { startFaults } from './start-faults.ts';

const faults = (given: object): string[] =>
  startFaults(telemetrySchema.parse(given)).map(
    ({ path, message }) => `${path.join('::')}: ${message}`,
  );

const console = { console: {} };

test('what the Go collector finds out at its start', () => {
  const views = (...list: object[]) => ({ metrics: { level: 'detailed', views: list } });
  const periodic = (exporter: object) => ({ metrics: { readers: [{ periodic: { exporter } }] } });
  const logs = (...processors: object[]) => ({ logs: { processors } });
  const traces = (more: object) => ({
    traces: { level: 'basic', processors: [{ simple: { exporter: console } }], ...more },
  });
  const otlp = (keys: object) => ({ otlp: { protocol: 'grpc', ...keys } });
  const cases: readonly (readonly [object, RegExp | undefined])[] = [
    [{}, undefined],
    [logs({ batch: { exporter: console } }, { simple: { exporter: otlp({}) } }), undefined],
    [logs({}), /^logs::processors::0: unsupported log processor type/],
    [
      logs({ batch: { exporter: console }, simple: { exporter: console } }),
      /must not specify multiple log processor type/,
    ],
    [logs({ simple: {} }), /no valid log exporter/],
    [logs({ simple: { exporter: { ...console, ...otlp({}) } } }), /multiple exporters/],
    [logs({ simple: { exporter: { otlp: { endpoint: 'x' } } } }), /no valid log exporter/],
    [logs({ simple: { exporter: otlp({ protocol: 'http' }) } }), /unsupported protocol "http"/],
    [logs({ simple: { exporter: otlp({ compression: 'zip' }) } }), /unsupported compression "zip"/],
    [logs({ simple: { exporter: otlp({ endpoint: 'http://[' }) } }), /it is no URL/],
    [logs({ batch: { exporter: console, schedule_delay: -1 } }), /invalid schedule delay -1/],
    [{ logs: { output_paths: ['http://a/b'] } }, /no sink found/],
    [{ logs: { output_paths: ['file:///tmp/x', 'stdout'] } }, undefined],
    [traces({}), undefined],
    [traces({ propagators: ['jaeger'] }), /unsupported trace propagator/],
    [traces({ sampler: {} }), /^traces::sampler: invalid sampler configuration/],
    [traces({ sampler: { parent_based: { root: {} } } }), /invalid sampler/],
    [traces({ sampler: { parent_based: { root: { always_on: {} } } } }), undefined],
    [
      traces({ processors: [{ batch: { exporter: { zipkin: { endpoint: 'http://a' } } } }] }),
      /no valid span exporter/,
    ],
    [{ traces: { level: 'none', processors: [{}] } }, undefined],
    [periodic({}), /^metrics::readers::0: no valid metric exporter/],
    [periodic(otlp({ temporality_preference: 'sum' })), /unsupported temporality preference "sum"/],
    [periodic(otlp({ temporality_preference: 'lowmemory' })), undefined],
    [views({}), /^metrics::views::0: view: no selector provided/],
    [views({ selector: {} }), /empty selector/],
    [views({ selector: { instrument_type: 'meter' } }), /instrument_type: invalid value "meter"/],
    [
      views({
        selector: { unit: 's' },
        stream: { attribute_keys: { included: ['a'], excluded: ['a'] } },
      }),
      /both include and exclude list: a/,
    ],
  ];
  for (const [given, expected] of cases) {
    const found = faults(given);
    const text = JSON.stringify(given);
    if (expected === undefined) assert.deepEqual(found, [], text);
    else assert.match(found.join('\n'), expected, text);
  }
});
