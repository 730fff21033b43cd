// Every command of docs/moving-from-otelcol.md does what the page says.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test, { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../testing/ports.ts';
import { stopProcess } from '../../testing/process.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/moving-from-otelcol.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'wirestitch-moving-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const [otlpPort, metricsPort] = await freePorts(2);

/** A configuration of the Go collector, with older names. */
const config = `
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${otlpPort}"}}}
processors:
  batch:
exporters:
  otlphttp: # the old name
    endpoint: http://127.0.0.1:1
    headers: {authorization: secret}
    read_buffer_size: 1000
service:
  telemetry:
    metrics:
      readers:
        - pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metricsPort}}}}
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [otlphttp]}
`;

/** Lines of the page's sh blocks, without spaces before them. */
const commands = [...page.matchAll(/^ *```sh\n(.*?)^ *```$/gms)].flatMap((match) =>
  match[1]!.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()])),
);

function start(command: string) {
  const [program = '', ...args] = command.split(' ');
  assert.equal(program, 'bin/wirestitch');
  return spawn(process.execPath, [join(root, 'gateway/main.ts'), ...args], { cwd: folder });
}

async function run(command: string): Promise<{ code: number | null; out: string; err: string }> {
  const child = start(command);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}

/** Checks by command; the page has no others. */
const checks: Readonly<Record<string, () => Promise<void>>> = {
  'bin/wirestitch validate --config config.yaml': async () => {
    const command = 'bin/wirestitch validate --config config.yaml';
    assert.equal((await run(command)).code, 0);
    writeFileSync(join(folder, 'config.yaml'), config.replaceAll('batch', 'bacth'));
    const { code, err } = await run(command);
    assert.equal(code, 1);
    assert.match(err, /config\.yaml:5:3: .*unknown type: "bacth".*did you mean "batch"/);
    writeFileSync(join(folder, 'config.yaml'), config);
  },
  'bin/wirestitch print-config --config config.yaml': async () => {
    const { code, out } = await run('bin/wirestitch print-config --config config.yaml');
    assert.equal(code, 0);
    assert.match(out, /timeout: 200ms/);
    assert.doesNotMatch(out, /secret/);
  },
  'bin/wirestitch --config config.yaml --set processors.batch.timeout=2s': async () => {
    const child = start('bin/wirestitch --config config.yaml --set processors.batch.timeout=2s');
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    try {
      while (!log.includes('Everything is ready')) {
        assert.equal(child.exitCode, null, log);
        await sleep(20);
      }
      assert.match(log, /read_buffer_size: changes nothing here/);
      assert.match(log, /"otlphttp" alias is deprecated; use "otlp_http" instead/);
      const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
      assert.match(metrics, /^otelcol_process_uptime/m);
    } finally {
      await stopProcess(child);
    }
    assert.equal(child.exitCode, 0);
  },
  // Asked above, at another port.
  'curl -s localhost:8888/metrics': async () => {},
  'bin/wirestitch migrate config.yaml': async () => {
    const { code, err } = await run('bin/wirestitch migrate config.yaml');
    assert.equal(code, 0, err);
    const now = readFileSync(join(folder, 'config.yaml'), 'utf8');
    assert.match(now, /^ {2}otlp_http: # the old name$/m);
    assert.match(now, /exporters: \[otlp_http\]/);
  },
  'bin/wirestitch schema': async () => {
    const { code, out } = await run('bin/wirestitch schema');
    assert.equal(code, 0);
    assert.equal(typeof (JSON.parse(out) as { $defs: object }).$defs, 'object');
  },
  'bin/wirestitch components': async () => {
    const { code, out } = await run('bin/wirestitch components');
    assert.equal(code, 0);
    assert.match(out, /^receivers:\n(?: .*\n)* {4}- name: otlp$/m);
  },
  'bin/wirestitch featuregate': async () => {
    const { code, out } = await run('bin/wirestitch featuregate');
    assert.equal(code, 0);
    assert.match(out, /^ID +Enabled +Stage +Description$/m);
    assert.match(out, /^ottl\.functions\.enableLambda .*Cannot be changed here\.$/m);
  },
};

test('the page has the commands that are checked', () => {
  assert.deepEqual(commands.toSorted(), Object.keys(checks).sort());
});

writeFileSync(join(folder, 'config.yaml'), config);
for (const [command, check] of Object.entries(checks)) {
  test(command, { timeout: 300_000 }, check);
}
