// What native/ builds, and how one file of it is compiled: build.mjs does it for this machine,
// scripts/prebuild.mjs for the package. Plain JavaScript, for whatever Node >= 18 there is.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const here = dirname(fileURLToPath(import.meta.url));
/** Node's own headers, an npm package. */
export const nodeHeaders = join(dirname(here), 'node_modules/node-api-headers/include');

// One entry per concern. `sources` are relative to native/, the first names nothing in particular;
// `headers` are only watched for changes. kind: addon (loaded by Node), program (started) or bpf
// (loaded into the kernel by bpf.node). `needs`: header files outside the checkout; without them
// `lenient` targets are left out, and the program says so when somebody wants them.
export const targets = [
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
  { name: 'datagram', kind: 'addon', sources: ['datagram.c'], os: 'linux' },
  {
    name: 'bpf',
    kind: 'addon',
    sources: ['bpf.c', 'bpf_threads.c'],
    headers: ['bpf_threads.h'],
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
    name: 'exchanges',
    kind: 'addon',
    sources: [
      'exchanges.c',
      'exchanges_http.c',
      'exchanges_target.c',
      'exchanges_span.c',
      'exchanges_napi.c',
    ],
    headers: ['exchanges.h', 'exchanges_target.h'],
  },
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
  {
    name: 'remote-write',
    kind: 'addon',
    sources: [
      'remote_write.c',
      'remote_write_rows.c',
      'remote_write_seal.c',
      'snappy_block.c',
      'remote_write_napi.c',
    ],
    headers: ['remote_write.h'],
    libraries: ['-lm'],
    optional: true,
  },
];

const common = ['-O2', '-g0', '-Wall', '-Wextra', '-Wno-unused-parameter'];
const flags = {
  addon: [...common, '-fPIC', '-shared', '-fvisibility=hidden', '-DNAPI_VERSION=8'],
  program: [...common, '-D_FORTIFY_SOURCE=2', '-fPIE', '-pie'],
  bpf: ['-O2', '-g', '-Wall', '-Wno-unused-function', '-target', 'bpf', '-mcpu=v3', '-c'],
};
const extension = { addon: '.node', program: '', bpf: '.bpf.o' };

/** The file that a target becomes. */
export function productOf(target) {
  return target.name + extension[target.kind];
}

/** Files below native/ that a target is made of. */
export function inputsOf(target) {
  return [...target.sources, ...(target.headers ?? [])];
}

/** One digest of a target's sources, and of the options that it is compiled with. */
export function digestOf(target, options = []) {
  const hash = createHash('sha256').update(JSON.stringify([flags[target.kind], options]));
  for (const file of inputsOf(target)) hash.update(readFileSync(join(here, file)));
  return hash.digest('hex');
}

/** Compiler of a target on this machine: its name, or undefined. */
export function compilerOf(target) {
  const names = process.env.CC ? [process.env.CC] : ['cc', 'gcc', 'clang'];
  return (target.kind === 'bpf' ? ['clang'] : names).find(
    (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
  );
}

/**
 * Compiles one target; the product is replaced in one step.
 * @param {object} target
 * @param {{cc: string, arch: string, product: string, more?: string[]}} how arch: as process.arch
 *   has it; more: libraries and further sources, in place of the target's own libraries
 * @returns {string} what the compiler said against it, '' = nothing
 */
export function compile(target, { cc, arch, product, more }) {
  const fresh = `${product}.${process.pid}`;
  const args = [...flags[target.kind]];
  if (target.kind === 'addon') args.push(`-I${nodeHeaders}`);
  if (target.kind === 'addon' && process.platform === 'darwin') {
    args.push('-undefined', 'dynamic_lookup');
  }
  if (target.kind === 'bpf') args.push(`-D__TARGET_ARCH_${arch === 'arm64' ? 'arm64' : 'x86'}`);
  args.push('-o', fresh, ...target.sources, ...(more ?? target.libraries ?? []));
  const done = spawnSync(cc, args, { cwd: here, encoding: 'utf8' });
  if (done.status !== 0) return done.stderr || done.error?.message || `${cc} failed`;
  if (done.stderr) console.error(done.stderr);
  // Line information is of no use to the kernel; BTF stays.
  if (target.kind === 'bpf') spawnSync('llvm-strip', ['-g', fresh], { stdio: 'ignore' });
  renameSync(fresh, product);
  return '';
}

/** Files that the package carries for a machine, e.g. native/prebuilt/linux-x64. */
export function prebuiltFolder(arch = process.arch) {
  return join(here, 'prebuilt', `${process.platform}-${arch}`);
}

/** Digest of each target's sources, as the prebuilt files of this machine were made from them. */
export function prebuiltSources() {
  const file = join(prebuiltFolder(), 'sources.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}
