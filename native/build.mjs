// Compiles native/*.c with the system's C compiler into native/build, when a source changed.
//   node native/build.mjs
// Plain JavaScript, since it runs on whatever Node >= 18 the machine has. Exits 1 when something
// could not be built; the program then runs on its TypeScript twins.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, 'build');
const headers = join(dirname(here), 'node_modules/node-api-headers/include');

// One entry per concern. `sources` are relative to native/, the first names nothing in particular;
// `headers` are only watched for changes. kind: addon (loaded by Node), program (started) or bpf
// (loaded into the kernel by bpf.node). `needs`: header files outside the checkout; without them
// `lenient` targets are left out, and the program says so when somebody wants them.
const targets = [
  { name: 'confine', kind: 'program', sources: ['confine.c'], os: 'linux' },
  { name: 'hash', kind: 'addon', sources: ['hash.c'] },
  { name: 'otlp', kind: 'addon', sources: ['otlp.c'], optional: true },
  {
    name: 'otlp-edit',
    kind: 'addon',
    sources: ['otlp_edit.c'],
    headers: ['otlp_fields.h'],
    optional: true,
  },
  { name: 'packet', kind: 'addon', sources: ['packet.c'], os: 'linux' },
  {
    name: 'bpf',
    kind: 'addon',
    sources: ['bpf.c'],
    os: 'linux',
    libraries: ['-lbpf'],
    needs: { '/usr/include/bpf/libbpf.h': 'libbpf-dev' },
    lenient: true,
  },
  // Direct loads of kernel memory want Linux 6.2; the other object does without.
  ...['probe', 'probe-compat'].map((name) => ({
    name,
    kind: 'bpf',
    sources: ['bpf/probe.bpf.c'],
    headers: [
      'kernel',
      'event',
      'maps',
      'calls',
      'state',
      'chain',
      'transfer',
      'lifecycle',
      'node',
    ].map((part) => `bpf/${part}.h`),
    os: 'linux',
    libraries: name === 'probe' ? [] : ['-DCOMPAT'],
    needs: { '/usr/include/bpf/bpf_helpers.h': 'libbpf-dev' },
    lenient: true,
  })),
  {
    name: 'columns',
    kind: 'addon',
    sources: [
      'columns.c',
      'columns_scan.c',
      'columns_walk.c',
      'columns_otel.c',
      'columns_metrics.c',
      'columns_smart.c',
      'columns_napi.c',
    ],
    headers: ['columns.h'],
    optional: true,
  },
];

const common = ['-O2', '-g0', '-Wall', '-Wextra', '-Wno-unused-parameter'];
const flags = {
  addon: [...common, '-fPIC', '-shared', '-fvisibility=hidden', '-DNAPI_VERSION=8', `-I${headers}`],
  program: [...common, '-D_FORTIFY_SOURCE=2', '-fPIE', '-pie'],
  bpf: ['-O2', '-g', '-Wall', '-Wno-unused-function', '-target', 'bpf', '-mcpu=v3', '-c'],
};
if (process.platform === 'darwin') flags.addon.push('-undefined', 'dynamic_lookup');

flags.bpf.push(`-D__TARGET_ARCH_${process.arch === 'arm64' ? 'arm64' : 'x86'}`);
const extension = { addon: '.node', program: '', bpf: '.bpf.o' };

function compiler(kind) {
  if (kind === 'bpf') {
    return spawnSync('clang', ['--version'], { stdio: 'ignore' }).status === 0
      ? 'clang'
      : undefined;
  }
  for (const name of process.env.CC ? [process.env.CC] : ['cc', 'gcc', 'clang']) {
    if (spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0) return name;
  }
  return undefined;
}

function digestOf(target, inputs) {
  const hash = createHash('sha256').update(JSON.stringify([flags[target.kind], process.arch]));
  for (const file of inputs) hash.update(readFileSync(join(here, file)));
  return hash.digest('hex');
}

function build(target) {
  const inputs = [...target.sources, ...(target.headers ?? [])];
  const missing = inputs.filter((file) => !existsSync(join(here, file)));
  if (missing.length > 0) {
    if (target.optional) return true;
    console.error(`native: cannot build ${target.name}: ${missing.join(', ')} not found`);
    return false;
  }
  const product = join(out, target.name + extension[target.kind]);
  const stamp = join(out, `${target.name}.stamp`);
  const digest = digestOf(target, inputs);
  const current = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (existsSync(product) && current === digest) return true;
  const cc = compiler(target.kind);
  const lacking = Object.entries(target.needs ?? {}).filter(([file]) => !existsSync(file));
  if (target.lenient && (lacking.length > 0 || cc === undefined)) {
    const names = [...lacking.map(([, name]) => name), ...(cc === undefined ? ['clang'] : [])];
    console.error(`native: ${target.name} is left out (eBPF): apt install ${names.join(' ')}`);
    return true;
  }
  if (cc === undefined) {
    console.error(
      `native: cannot build ${target.name}: no C compiler (cc); apt install gcc libc6-dev`,
    );
    return false;
  }
  if (target.kind === 'addon' && !existsSync(join(headers, 'node_api.h'))) {
    console.error(`native: cannot build ${target.name}: node-api-headers is missing; npm ci`);
    return false;
  }
  const fresh = `${product}.${process.pid}`;
  const args = [...flags[target.kind], '-o', fresh, ...target.sources, ...(target.libraries ?? [])];
  const done = spawnSync(cc, args, { cwd: here, encoding: 'utf8' });
  if (done.status !== 0) {
    console.error(`native: cannot build ${target.name}:\n${done.stderr ?? done.error?.message}`);
    return false;
  }
  if (done.stderr) console.error(done.stderr);
  // Line information is of no use to the kernel; BTF stays.
  if (target.kind === 'bpf') spawnSync('llvm-strip', ['-g', fresh], { stdio: 'ignore' });
  renameSync(fresh, product);
  writeFileSync(stamp, digest);
  return true;
}

mkdirSync(out, { recursive: true });
const wanted = targets.filter((target) => (target.os ?? process.platform) === process.platform);
const failed = wanted.filter((target) => !build(target));
process.exit(failed.length === 0 ? 0 : 1);
