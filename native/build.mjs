// Compiles native/*.c with the system's C compiler into native/build, when a source changed.
//   node native/build.mjs
// Plain JavaScript, since it runs on whatever Node >= 18 the machine has. Where it cannot compile,
// a prebuilt file of the same sources serves as well. Exits 1 when something could not be built;
// the program then runs on its TypeScript twins.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  compile,
  compilerOf,
  digestOf,
  here,
  inputsOf,
  nodeHeaders,
  prebuiltFolder,
  prebuiltSources,
  productOf,
  targets,
} from './targets.mjs';

const out = join(here, 'build');
const prebuilt = prebuiltSources();

/** Whether the package carries this target, made from these sources. */
function isPrebuilt(target) {
  return (
    prebuilt[target.name] === digestOf(target) &&
    existsSync(join(prebuiltFolder(), productOf(target)))
  );
}

function build(target) {
  const missing = inputsOf(target).filter((file) => !existsSync(join(here, file)));
  if (missing.length > 0) {
    if (target.optional) return true;
    console.error(`native: cannot build ${target.name}: ${missing.join(', ')} not found`);
    return false;
  }
  const product = join(out, productOf(target));
  const stamp = join(out, `${target.name}.stamp`);
  const digest = digestOf(target, [process.arch]);
  const current = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (existsSync(product) && current === digest) return true;
  const cc = compilerOf(target);
  const fault = obstacle(target, cc);
  if (fault !== '') {
    if (isPrebuilt(target)) {
      // The loader would take what was built from older sources.
      rmSync(product, { force: true });
      return true;
    }
    console.error(`native: ${fault}`);
    return target.lenient === true;
  }
  const said = compile(target, { cc, arch: process.arch, product });
  if (said !== '') {
    console.error(`native: cannot build ${target.name}:\n${said}`);
    return false;
  }
  writeFileSync(stamp, digest);
  return true;
}

/** What stands against compiling a target here; '' = nothing. */
function obstacle(target, cc) {
  const lacking = Object.entries(target.needs ?? {}).filter(([file]) => !existsSync(file));
  if (target.lenient && (lacking.length > 0 || cc === undefined)) {
    const tool = target.kind === 'bpf' ? 'clang' : 'gcc libc6-dev';
    const names = [...lacking.map(([, name]) => name), ...(cc === undefined ? [tool] : [])];
    return `${target.name} is left out (eBPF): apt install ${names.join(' ')}`;
  }
  if (cc === undefined) {
    return `cannot build ${target.name}: no C compiler (cc); apt install gcc libc6-dev`;
  }
  if (target.kind === 'addon' && !existsSync(join(nodeHeaders, 'node_api.h'))) {
    return `cannot build ${target.name}: node-api-headers is missing; npm ci`;
  }
  return '';
}

mkdirSync(out, { recursive: true });
const wanted = targets.filter((target) => (target.os ?? process.platform) === process.platform);
const failed = wanted.filter((target) => !build(target));
process.exit(failed.length === 0 ? 0 : 1);
