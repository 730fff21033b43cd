import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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
  assert.match(components.out, /^exporters:\n(.*\n)*? {4}- name: nop\n {6}module: wirestitch/m);
});

test('faults of the command line', async () => {
  const f = async (args: string[], message: string) => {
    const { code, err } = await run(...args);
    assert.deepEqual([code, err], [1, `Error: ${message}\n`]);
  };
  await f([], 'at least one config flag must be provided');
  await f(['validate'], 'at least one config flag must be provided');
  await f(['--nonsense=x'], 'unknown flag: --nonsense');
  await f(['validate', '-c', 'x'], "unknown shorthand flag: 'c' in -c");
  await f(
    ['nonsense'],
    'unknown command "nonsense" for "wirestitch"\nRun \'wirestitch --help\' for usage.',
  );
  await f(['validate', 'x'], 'accepts 0 arg(s), received 1');
  await f(['--config'], 'flag needs an argument: --config');
  await f(['--set', 'a'], 'invalid argument "a" for "--set" flag: missing equal sign');
  await f(['completion', 'x'], 'unknown shell "x"; shells are bash, zsh, fish, powershell');
  await f(
    ['--config', '/no/such.yaml'],
    'unable to read the file "/no/such.yaml": no such file or directory',
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

test('--set comes after every --config', async () => {
  await withConfig(good, async (path) => {
    const set = ['--set=exporters.nop.endpoint = x', '--config', path];
    const { code, err } = await run('validate', ...set, '--config', 'yaml:exporters::nop: {}');
    assert.equal(code, 1);
    assert.match(err, /^Error: yaml:1:\d+: exporters::nop: unknown key "endpoint"\n$/);
  });
});

test('feature gates', async () => {
  const none = ['--config', 'yaml:exporters: {nop: }', 'validate'];
  assert.equal((await run(...none)).code, 1);
  const gate = '--feature-gates=service.AllowNoPipelines';
  assert.deepEqual(await run(...none, gate), { code: 0, out: '', err: '' });
  const { code, err } = await run(...none, '--feature-gates', '+x');
  assert.equal(code, 1);
  assert.match(
    err,
    /^Error: invalid argument "\+x" for "--feature-gates" flag: no such feature gate/,
  );
  const listed = await run('featuregate', 'service.AllowNoPipelines', gate);
  assert.match(listed.out, /^Feature: service.AllowNoPipelines\nEnabled: true\n/);
});

test('a configuration is printed, and migrated', async () => {
  await withConfig('exporters: {otlp: {endpoint: "a:1"}}\n', async (path) => {
    const print = ['print-config', '--validate=false', '--format=json', '--config', path];
    const printed = await run(...print);
    assert.equal(printed.code, 0, printed.err);
    const { exporters } = JSON.parse(printed.out) as { exporters: Record<string, object> };
    assert.deepEqual(Object.keys(exporters), ['otlp']);
    assert.equal((await run('migrate', '--check', path)).code, 1);
    const migrated = await run('migrate', path);
    assert.equal(migrated.code, 0, migrated.err);
    assert.match(migrated.out, /config\.yaml:1:13: exporters: "otlp" is "otlp_grpc"\n$/);
    assert.equal(await readFile(path, 'utf8'), 'exporters: {otlp_grpc: {endpoint: "a:1"}}\n');
    const again = await run('migrate', '--check', path);
    assert.deepEqual([again.code, again.out], [0, 'Nothing to change.\n']);
  });
});

test('completion names commands and flags', async () => {
  for (const shell of ['bash', 'zsh', 'fish', 'powershell']) {
    const { code, out, err } = await run('completion', shell);
    assert.equal(code, 0, err);
    for (const word of ['validate', 'print-config', 'feature-gates']) {
      assert.ok(out.includes(word), `${shell}: ${word}`);
    }
  }
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
    const reader = '{pull: {exporter: {prometheus: {host: localhost, port: 0}}}}';
    const metrics = `yaml:service::telemetry::metrics: {level: basic, readers: [${reader}]}`;
    const preload =
      "import http from 'node:http'; http.Server.prototype.close = function () { return this; };";
    const { child, done, until } = start(['--config', path, '--config', metrics], preload);
    await until('Everything is ready');
    child.kill('SIGTERM');
    await until('Starting shutdown...');
    child.kill('SIGINT');
    const { code, err } = await done;
    assert.equal(code, 1, err);
    assert.match(err, /^Error: SIGINT again before the shutdown was complete$/m);
  });
});
