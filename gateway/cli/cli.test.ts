import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';

const main = join(import.meta.dirname, '../main.ts');

/** Starts the program; `until` waits for a text in its output. */
function start(args: readonly string[], preload = '') {
  const first = preload === '' ? [] : ['--import', `data:text/javascript,${preload}`];
  const nodeArgs = ['--disable-warning=ExperimentalWarning', ...first, main, ...args];
  const child = spawn(process.execPath, nodeArgs, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const done = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }));
  const until = async (text: string) => {
    while (!err.includes(text) && !out.includes(text) && child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { child, done, until };
}

const run = (...args: string[]) => start(args).done;

async function withConfig(text: string, use: (path: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'cli-'));
  try {
    const path = join(dir, 'config.yaml');
    await writeFile(path, text);
    await use(path);
  } finally {
    await rm(dir, { recursive: true });
  }
}

const good = `
extensions: {health_check: {endpoint: "localhost:0"}}
receivers: {otlp: {protocols: {http: {endpoint: "localhost:0"}}}}
exporters: {nop: }
service:
  telemetry: {metrics: {level: none}}
  extensions: [health_check]
  pipelines: {traces: {receivers: [otlp], exporters: [nop]}}
`;

test('version, help, components', async () => {
  const version = await run('--version');
  assert.deepEqual([version.code, version.err], [0, '']);
  assert.match(version.out, /^wirestitch version \d+\.\d+\.\d+\n$/);
  const help = await run('--help');
  assert.equal(help.code, 0);
  for (const word of ['--config', 'validate', 'components'])
    assert.ok(help.out.includes(word), word);
  const components = await run('components');
  assert.equal(components.code, 0, components.err);
  assert.match(components.out, /^exporters:\n(.*\n)*? {2}- name: nop\n/m);
});

test('faults of the command line', async () => {
  const f = async (args: string[], message: string) => {
    const { code, err } = await run(...args);
    assert.deepEqual([code, err], [1, `Error: ${message}\n`]);
  };
  await f([], 'at least one config flag must be provided');
  await f(['validate'], 'at least one config flag must be provided');
  await f(['--nonsense'], "unknown option '--nonsense'");
  await f(['nonsense'], 'unknown command "nonsense"');
  await f(
    ['--config', '/no/such.yaml'],
    'cannot read the file "/no/such.yaml": no such file or directory',
  );
});

test('validate', async () => {
  await withConfig(good, async (path) => {
    assert.deepEqual(await run('validate', '--config', path), { code: 0, out: '', err: '' });
    const more = 'yaml:exporters::nop::endpoint: x';
    const { code, err } = await run('validate', '--config', path, '--config', more);
    assert.equal(code, 1);
    assert.match(err, /^Error: yaml:1:\d+: exporters::nop: unknown key "endpoint"\n$/);
  });
});

test('the program runs until SIGTERM', async () => {
  await withConfig(good, async (path) => {
    const { child, done, until } = start(['--config', path, '--addresses']);
    await until('Everything is ready');
    await until('stop with Ctrl-C');
    child.kill('SIGTERM');
    const { code, err, out } = await done;
    assert.equal(code, 0, err);
    assert.match(out, /OTLP HTTP +http:\/\/localhost:0/);
    const order = ['Starting wirestitch...', 'Everything is ready.', 'Received signal from OS'];
    const places = [...order, 'Starting shutdown...', 'Shutdown complete.'].map((m) =>
      err.indexOf(m),
    );
    assert.ok(!places.includes(-1), err);
    assert.deepEqual(
      places,
      places.toSorted((a, b) => a - b),
    );
  });
});

test('a component that cannot start ends the program with its reason', async () => {
  await withConfig(good, async (path) => {
    const bad = 'yaml:extensions::health_check::endpoint: 203.0.113.1:1';
    const { code, err } = await run('--config', path, '--config', bad);
    assert.equal(code, 1);
    assert.match(
      err,
      /^Error: cannot start extension\/health_check: cannot listen on 203.0.113.1:1/m,
    );
  });
});

test('an error that nobody caught ends the program in order', async () => {
  await withConfig(good, async (path) => {
    const preload = "process.on('SIGUSR2', () => { throw new Error('thrown by the test'); });";
    const { child, done, until } = start(['--config', path], preload);
    await until('Everything is ready');
    child.kill('SIGUSR2');
    const { code, err } = await done;
    assert.equal(code, 1, err);
    assert.match(err, /BUG: uncaught error.*thrown by the test/);
    assert.match(err, /Shutdown complete/);
  });
});

test('the second signal ends a shutdown that hangs', async () => {
  await withConfig(good, async (path) => {
    const preload =
      "import http from 'node:http'; http.Server.prototype.close = function () { return this; };";
    const { child, done, until } = start(['--config', path], preload);
    await until('Everything is ready');
    child.kill('SIGTERM');
    await until('Starting shutdown...');
    child.kill('SIGINT');
    const { code, err } = await done;
    assert.equal(code, 1, err);
    assert.match(err, /^Error: SIGINT again before the shutdown was complete$/m);
    assert.ok(!err.includes('Shutdown complete'));
  });
});
