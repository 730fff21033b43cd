import assert from 'node:assert/strict';
import test from 'node:test';
import { z } from 'zod';
import type { Factory, Kind } from '../../component/factory.ts';
import type { RegistryEntry } from '../components.ts';
import { migrate } from './migrate.ts';

const config = z.strictObject({
  storage: z.string().optional(),
  colour: z.string().optional(),
  color: z.string().optional().meta({ deprecated: true, replacedBy: 'colour' }),
  auth: z.strictObject({ authenticator: z.string() }).optional(),
  list: z
    .array(
      z.strictObject({
        from: z.string().optional().meta({ deprecated: true, replacedBy: 'source' }),
        source: z.string().optional(),
      }),
    )
    .default([]),
});

function entry(kind: Kind, type: string, aliases: readonly string[] = []): RegistryEntry {
  const factory = { kind, type, aliases, stability: {}, description: '', config };
  return {
    kind,
    type,
    aliases,
    load: async () => ({ factory: factory as unknown as Factory<unknown> }),
  };
}

const entries = [
  entry('receiver', 'otlp'),
  entry('exporter', 'otlp_grpc', ['otlp']),
  entry('connector', 'span_metrics', ['spanmetrics']),
  entry('extension', 'basic_auth', ['basicauth']),
  entry('extension', 'file_storage'),
];

async function run(...texts: string[]) {
  return migrate(
    texts.map((text, i) => ({ name: `${i}.yaml`, text })),
    entries,
  );
}

const before = `# Everything old.
receivers:
  otlp: # stays
exporters:
  otlp/a:   {auth: { authenticator: basicauth/x }, color: red}   # a comment
  "otlp":
    list:
    -   from: here
connectors: {spanmetrics: }
extensions:
  basicauth/x:
service:
  extensions: [ basicauth/x ]
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp/a, 'otlp' , spanmetrics]}
    metrics:
      receivers:
        - spanmetrics
      exporters: [otlp]
`;

const after = `# Everything old.
receivers:
  otlp: # stays
exporters:
  otlp_grpc/a:   {auth: { authenticator: basic_auth/x }, colour: red}   # a comment
  "otlp_grpc":
    list:
    -   source: here
connectors: {span_metrics: }
extensions:
  basic_auth/x:
service:
  extensions: [ basic_auth/x ]
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_grpc/a, 'otlp_grpc' , span_metrics]}
    metrics:
      receivers:
        - span_metrics
      exporters: [otlp_grpc]
`;

test('older names are replaced, and nothing else', async () => {
  const [file] = await run(before);
  assert.equal(file!.text, after);
  assert.deepEqual(file!.left, []);
  assert.equal(file!.changes.length, 13);
  assert.equal(file!.changes[0], '0.yaml:5:3: exporters: "otlp/a" is "otlp_grpc/a"');
  assert.ok(file!.changes.includes('0.yaml:8:9: exporters::otlp::list::0: key "from" is "source"'));
});

test('doing it twice changes nothing more', async () => {
  const [file] = await run(after);
  assert.equal(file!.text, after);
  assert.deepEqual(file!.changes, []);
});

test('an id that is taken is left, and so is a key', async () => {
  const text = 'exporters: {otlp: {color: a, colour: b}, otlp_grpc: }\n';
  const [file] = await run(text);
  assert.equal(file!.text, text);
  assert.deepEqual(file!.changes, []);
  assert.deepEqual(file!.left, [
    '0.yaml:1:13: exporters: "otlp" cannot be renamed: "otlp_grpc" is there already',
    '0.yaml:1:20: exporters::otlp: key "color" is "colour"',
  ]);
});

test('files of one configuration are renamed together', async () => {
  const files = await run(
    'exporters: {otlp: }\n',
    'service: {pipelines: {logs: {exporters: [otlp]}}}\n',
  );
  assert.equal(files[1]!.text, 'service: {pipelines: {logs: {exporters: [otlp_grpc]}}}\n');
});

test('what is no configuration', async () => {
  assert.deepEqual(
    (await run('', '[]\n', 'a\n', 'exporters: []\nservice: 5\n')).map((f) => f.text),
    ['', '[]\n', 'a\n', 'exporters: []\nservice: 5\n'],
  );
  await assert.rejects(run('a: [\n'), /cannot migrate 0\.yaml: /);
});
