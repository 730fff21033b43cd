// Builds the native files that the package carries, native/prebuilt/PLATFORM-ARCH/.
//   node scripts/prebuild.mjs [ARCH...]      x64 and arm64 unless told
// For release machines: Linux with gcc, clang, llvm, libbpf-dev, libelf-dev and zlib1g-dev (Debian
// or Ubuntu), and gcc-aarch64-linux-gnu for the other architecture, whose libraries come from apt
// into .cache; nothing is installed. libbpf, libelf and zlib are linked into bpf.node, so that it
// needs the C library only. Prints each file with its machine and the newest GLIBC it asks for.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
  compile,
  digestOf,
  nodeHeaders,
  prebuiltFolder,
  productOf,
  targets,
} from '../native/targets.mjs';
import { root } from './setup.mjs';

const triplets = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' };
const debianNames = { x64: 'amd64', arm64: 'arm64' };
const archives = ['libbpf.a', 'libelf.a', 'libz.a'];
const cache = join(root, '.cache/prebuild');

function run(command, args, cwd = root) {
  const done = spawnSync(command, args, { cwd, encoding: 'utf8' });
  const said =
    done.status === 0 ? '' : done.stderr || done.error?.message || `status ${done.status}`;
  return { ok: done.status === 0, out: done.stdout ?? '', said };
}

function must(command, args, cwd) {
  const done = run(command, args, cwd);
  if (!done.ok) throw new Error(`cannot run ${command} ${args.join(' ')}: ${done.said}`);
  return done.out;
}

/** Name of a tool for an architecture: the machine's own, or the cross one. */
function toolOf(arch, name) {
  return arch === process.arch ? name : `${triplets[arch]}-${name}`;
}

/**
 * Folder with usr/include and usr/lib of an architecture; '/' for the machine's own.
 * apt works on lists of its own below .cache, and knows no other architecture there.
 */
function libraryRoot(arch) {
  if (arch === process.arch) return '/';
  const folder = join(cache, arch);
  const files = join(folder, 'root');
  if (archives.every((name) => existsSync(join(files, 'usr/lib', triplets[arch], name)))) {
    return files;
  }
  for (const part of ['lists/partial', 'cache/archives/partial', 'packages', 'root']) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, 'status'), '');
  const settings = {
    'APT::Architecture': debianNames[arch],
    'APT::Architectures': debianNames[arch],
    'APT::Sandbox::User': '',
    'Dir::State': folder,
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::State::status': join(folder, 'status'),
    'Dir::Cache': join(folder, 'cache'),
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  must('apt-get', [...options, '-qq', 'update']);
  const packages = join(folder, 'packages');
  must(
    'apt-get',
    [...options, '-qq', 'download', 'libbpf-dev', 'libelf-dev', 'zlib1g-dev'],
    packages,
  );
  for (const name of readdirSync(packages)) must('dpkg-deb', ['-x', join(packages, name), files]);
  return files;
}

/** Copies of the archives that a shared object can hold; native/bpf_static.c says how. */
function linkableArchives(arch, files) {
  const folder = join(cache, arch, 'archives');
  mkdirSync(folder, { recursive: true });
  const renamed = ['stdin', 'stdout', 'stderr', 'environ'].flatMap((name) => [
    '--redefine-sym',
    `${name}=linked_${name}`,
  ]);
  return archives.map((name) => {
    const copy = join(folder, name);
    copyFileSync(join(files, 'usr/lib', triplets[arch], name), copy);
    if (name === 'libelf.a') must(toolOf(arch, 'ar'), ['d', copy, 'elf_error.o']);
    must(toolOf(arch, 'objcopy'), [...renamed, copy]);
    return copy;
  });
}

/** Further arguments for a target; throws when a library cannot be had. */
function extraOf(target, arch) {
  if (target.name !== 'bpf') return target.kind === 'bpf' ? target.libraries : ['-s'];
  const files = libraryRoot(arch);
  const headers = arch === process.arch ? [] : [`-I${join(files, 'usr/include')}`];
  const linked = linkableArchives(arch, files);
  return [
    ...headers,
    'bpf_static.c',
    ...linked,
    '-Wl,--exclude-libs,ALL',
    '-Wl,--gc-sections',
    '-s',
  ];
}

/** Builds one file. @returns '' or why it is not there */
function prebuild(target, arch, folder) {
  const product = join(folder, productOf(target));
  rmSync(product, { force: true });
  const cc = target.kind === 'bpf' ? 'clang' : toolOf(arch, 'gcc');
  if (!run(cc, ['--version']).ok) return `no ${cc}`;
  try {
    const said = compile(target, { cc, arch, product, more: extraOf(target, arch) });
    if (said !== '') return said;
  } catch (error) {
    return error.message;
  }
  console.log(`${relative(root, product)}: ${describe(product)}`);
  return '';
}

/** Machine of an ELF file, its libraries, and the newest version of the C library it asks for. */
function describe(product) {
  const elf = must('readelf', ['-W', '-h', '-d', '-V', product]);
  const machine = /Machine:\s+(.*)/.exec(elf)?.[1] ?? 'no machine';
  const needed = [...elf.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map((match) => match[1]);
  const versions = [...elf.matchAll(/GLIBC_([\d.]+)/g)].map((match) => match[1]);
  const newest = versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  return [machine, ...needed, ...(newest === undefined ? [] : [`GLIBC ${newest}`])].join(', ');
}

/** Builds all files of an architecture. @returns faults */
function prebuildAll(arch) {
  const folder = prebuiltFolder(arch);
  mkdirSync(folder, { recursive: true });
  const sources = {};
  const faults = [];
  for (const target of targets) {
    const why = prebuild(target, arch, folder);
    if (why === '') sources[target.name] = digestOf(target);
    else faults.push(`${relative(root, folder)}: ${productOf(target)} is left out: ${why}`);
  }
  writeFileSync(join(folder, 'sources.json'), `${JSON.stringify(sources, null, 2)}\n`);
  return faults;
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(triplets);
const unknown = wanted.filter((arch) => triplets[arch] === undefined);
if (process.platform !== 'linux' || unknown.length > 0) {
  console.error(`prebuild: cannot build for ${unknown.join(', ') || process.platform}`);
  process.exit(2);
}
if (!existsSync(join(nodeHeaders, 'node_api.h'))) {
  console.error('prebuild: the npm package node-api-headers is missing; run: npm ci');
  process.exit(1);
}
const faults = wanted.flatMap(prebuildAll);
for (const fault of faults) console.error(`prebuild: ${fault}`);
// What this machine runs must be whole; the other architecture is carried as far as it goes.
process.exit(faults.some((fault) => fault.includes(`-${process.arch}:`)) ? 1 : 0);
