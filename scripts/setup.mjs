// Makes a checkout ready to run: npm packages, the native addon, and for tests the system packages
// that they drive. Plain JavaScript, since it runs on whatever Node >= 18 the machine has.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const nodeBinary = join(root, 'node_modules/node/bin/node');
const stamp = join(root, 'node_modules/.wirestitch-setup');
const noInstall = process.env.WIRESTITCH_NO_INSTALL === '1';

function run(command, args, env = {}) {
  const options = { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, ...env } };
  const done = spawnSync(command, args, options);
  if (done.error !== undefined) throw new Error(`cannot run ${command}: ${done.error.message}`);
  return done.status ?? 1;
}

function lockDigest() {
  // A package has no lock file: npm leaves it out.
  const names = ['package-lock.json', 'package.json'].map((name) => join(root, name));
  const lock = readFileSync(names.find((name) => existsSync(name)));
  return createHash('sha256').update(lock).digest('hex');
}

// Not `npm ci`: it refuses a lock file that lacks the optional packages of other platforms.
// Versions and checksums come from the lock file all the same, which --no-save leaves as it is.
const npmInstall = ['install', '--no-save', '--no-audit', '--no-fund'];

/** Installs npm packages when node_modules does not match package-lock.json. */
export function installPackages() {
  const digest = lockDigest();
  const current = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (existsSync(nodeBinary) && current === digest) return;
  const command = `npm ${npmInstall.join(' ')}`;
  if (noInstall) fail('npm packages are missing or out of date', command);
  console.error('wirestitch: installing npm packages (about 1 GB, ClickHouse included) ...');
  if (run('npm', npmInstall) !== 0) fail('npm failed', command);
  if (!existsSync(nodeBinary)) {
    fail('the npm package "node" did not install its binary', 'npm install-scripts approve node');
  }
  writeFileSync(stamp, digest);
}

/** Builds native/ where a C compiler is; without one the program runs on its TypeScript twins. */
export function buildNative() {
  const script = join(root, 'native/build.mjs');
  if (!existsSync(script)) return;
  if (run(process.execPath, [script]) !== 0) {
    console.error('wirestitch: the native addon was not built; see the messages above');
  }
}

/** Builds the page below ui/dist, where its sources changed. A package carries it built. */
export function buildPage() {
  const vite = join(root, 'node_modules/.bin/vite');
  const stampFile = join(root, 'ui/dist/.sources');
  if (!existsSync(vite)) return;
  const sources = createHash('sha256').update(lockDigest());
  for (const folder of ['ui', 'query/web/contract']) {
    for (const path of filesBelow(join(root, folder))) {
      sources.update(`${path}\0`).update(readFileSync(path));
    }
  }
  const digest = sources.digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === digest) return;
  console.error('wirestitch: building the page ...');
  if (run(nodeBinary, [vite, 'build', '--logLevel=warn', 'ui']) === 0) {
    writeFileSync(stampFile, digest);
  } else {
    console.error('wirestitch: the page was not built; see the messages above');
  }
}

/** Files below a folder that are no product, in a fixed order. */
function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'dist')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    });
}

/**
 * Debian packages that tests drive: installed when root and absent, else the command is printed.
 * @param {Record<string, string>} needed executable or file -> package
 */
export function installSystemPackages(needed) {
  const missing = Object.entries(needed).filter(
    ([tool]) => !existsSync(tool) && spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0,
  );
  if (missing.length === 0) return;
  const names = [...new Set(missing.map(([, name]) => name))];
  const command = `apt-get install -y --no-install-recommends ${names.join(' ')}`;
  if (noInstall || process.getuid?.() !== 0) {
    console.error(`wirestitch: some tests will be skipped; to run them: sudo ${command}`);
    return;
  }
  console.error(`wirestitch: tests need ${names.join(', ')}; running: ${command}`);
  process.env.DEBIAN_FRONTEND = 'noninteractive';
  run('apt-get', ['update', '-qq']);
  if (run('sh', ['-c', command]) !== 0) console.error(`wirestitch: failed: ${command}`);
}

/** What Python clients of tests need, in virtual environments below .cache. */
export function installPythonClients() {
  installPython('python', 'integration/apps/requirements.txt');
  // An exporter that is no longer kept up: nothing of today's goes with it.
  installPython('python-jaeger', 'integration/apps/requirements-jaeger.txt');
}

function installPython(name, list) {
  const folder = join(root, '.cache', name);
  const requirements = join(root, list);
  const wanted = readFileSync(requirements, 'utf8');
  const mark = join(folder, '.requirements');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  const command = `python3 -m venv ${folder} && ${folder}/bin/pip install -r ${requirements}`;
  if (noInstall) {
    console.error(`wirestitch: tests with Python clients will be skipped; to run them: ${command}`);
    return;
  }
  console.error(`wirestitch: installing ${list} for tests ...`);
  const made =
    run('python3', ['-m', 'venv', folder]) === 0 &&
    run(join(folder, 'bin/pip'), ['install', '-q', '--no-input', '-r', requirements]) === 0;
  if (made) writeFileSync(mark, wanted);
  else console.error(`wirestitch: failed: ${command}`);
}

/** The Kafka broker that tests start: jars below .cache. */
export function installKafkaBroker() {
  const folder = join(root, '.cache/kafka');
  const pom = join(root, 'integration/apps/kafka-pom.xml');
  const wanted = readFileSync(pom, 'utf8');
  const mark = join(folder, '.pom');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === wanted) return;
  const args = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies'];
  args.push(`-DoutputDirectory=${join(folder, 'libs')}`);
  const command = `mvn ${args.join(' ')}`;
  if (noInstall) {
    console.error(`wirestitch: tests with Kafka will be skipped; to run them: ${command}`);
    return;
  }
  console.error('wirestitch: fetching the Kafka broker for tests ...');
  rmSync(folder, { recursive: true, force: true });
  if (run('mvn', args) === 0) writeFileSync(mark, wanted);
  else console.error(`wirestitch: failed: ${command}`);
}

/**
 * Prometheus as Debian has it, a client that tests run: its one file below .cache, without the
 * service that the package starts.
 */
export function installPrometheus() {
  const folder = join(root, '.cache/prometheus');
  const file = 'usr/bin/prometheus';
  if (existsSync(join(folder, file))) return;
  const unpack = `dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./${file} && rm prometheus_*.deb`;
  const command = `cd ${folder} && apt-get download -qq prometheus && ${unpack}`;
  if (noInstall) {
    const all = `mkdir -p ${folder} && ${command}`;
    console.error(`wirestitch: tests with Prometheus will be skipped; to run them: ${all}`);
    return;
  }
  console.error('wirestitch: fetching the Prometheus of Debian for tests ...');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // What apt knows may be old, or nothing.
  if (run('sh', ['-c', command]) !== 0 && process.getuid?.() === 0) {
    run('apt-get', ['update', '-qq']);
    run('sh', ['-c', command]);
  }
  if (!existsSync(join(folder, file))) console.error(`wirestitch: failed: ${command}`);
}

/** Plugins of Telegraf that tests use; the whole program is ten times as much to compile. */
const telegrafTags = [
  ...['custom', 'inputs.tail', 'parsers.influx', 'serializers.influx'],
  ...['serializers.prometheusremotewrite', 'outputs.http', 'outputs.influxdb'],
  ...['outputs.influxdb_v2', 'outputs.opentelemetry'],
].join(',');

/**
 * Telegraf and Prometheus 3, clients that registries have as Go sources alone: minutes of
 * compiling, so they are built, into .cache/go/bin, only where WIRESTITCH_GO_CLIENTS=1 asks for it.
 */
export function installGoClients() {
  if (process.env.WIRESTITCH_GO_CLIENTS !== '1') return;
  const folder = join(root, '.cache/go');
  const bin = join(folder, 'bin');
  const go = { CGO_ENABLED: '0', GOFLAGS: '-mod=mod', GOWORK: 'off', GOTOOLCHAIN: 'local' };
  const flags = '-trimpath -ldflags="-s -w"';
  // Prometheus has replace lines, which keep `go install` away; the tag leaves the service
  // discoveries of clouds out.
  const prometheus = 'github.com/prometheus/prometheus@v0.314.0';
  const builds = {
    telegraf: () => [
      `go install ${flags} -tags ${telegrafTags} github.com/influxdata/telegraf/cmd/telegraf@v1.37.2`,
    ],
    prometheus: () => [
      `cp -r ${goModule(prometheus)} src && chmod -R u+w src && cd src`,
      `go build ${flags} -tags remove_all_sd -o ${bin}/ ./cmd/prometheus`,
    ],
  };
  for (const [name, commands] of Object.entries(builds)) {
    if (existsSync(join(bin, name))) continue;
    console.error(`wirestitch: building ${name} for tests (minutes) ...`);
    rmSync(join(folder, 'src'), { recursive: true, force: true });
    mkdirSync(bin, { recursive: true });
    const command = [`cd ${folder}`, ...commands()].join(' && ');
    const env = { ...go, GOBIN: bin };
    if (run('sh', ['-c', command], env) !== 0) console.error(`wirestitch: failed: ${command}`);
  }
  rmSync(join(folder, 'src'), { recursive: true, force: true });
}

/** Where Go keeps the sources of a module. */
function goModule(module) {
  const done = spawnSync('go', ['mod', 'download', '-json', module], {
    cwd: root,
    encoding: 'utf8',
  });
  // Without sources the copy fails, which is said there.
  return done.status === 0 ? JSON.parse(done.stdout).Dir : module;
}

function fail(what, command) {
  console.error(`wirestitch: ${what}; run: ${command}`);
  process.exit(1);
}

/** Everything `npm start` needs. */
export function setup() {
  installPackages();
  mkdirSync(join(root, '.cache'), { recursive: true });
  buildNative();
  buildPage();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup();
