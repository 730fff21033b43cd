import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** What one addon file is: loaded, or absent with the reason in words. */
export type Loaded<T> = { readonly addon: T } | { readonly addon: undefined; why: string };

// Built on this machine, then carried by the package.
const folders = ['./build/', `./prebuilt/${process.platform}-${process.arch}/`];

/** Files of native code called `name` that are there, the one to prefer first. */
export function nativeFiles(name: string): string[] {
  return folders
    .map((folder) => fileURLToPath(new URL(folder + name, import.meta.url)))
    .filter((path) => existsSync(path));
}

/** That there is no file of this name, and what makes it. */
export function absent(name: string): string {
  const machine = `${process.platform}-${process.arch}`;
  return `native/build/${name} does not exist, nor is it prebuilt for ${machine}; node native/build.mjs makes it`;
}

/**
 * Loads NAME.node from native/build, else from native/prebuilt. Never throws: native code is always
 * optional. WIRESTITCH_NO_NATIVE=1 switches all of it off.
 */
export function loadAddon<T>(name: string): Loaded<T> {
  if (process.env.WIRESTITCH_NO_NATIVE === '1') {
    return { addon: undefined, why: 'switched off by WIRESTITCH_NO_NATIVE' };
  }
  const faults: string[] = [];
  for (const file of nativeFiles(`${name}.node`)) {
    try {
      return { addon: createRequire(import.meta.url)(file) as T };
    } catch (error) {
      faults.push(`cannot load ${file}: ${(error as Error).message}`);
    }
  }
  return { addon: undefined, why: faults.join('; ') || absent(`${name}.node`) };
}

/**
 * The same for addons that have a twin in TypeScript: WIRESTITCH_FAST_PATHS=off takes that in their
 * place. What comes out is the same, byte for byte.
 */
export function loadFastPath<T>(name: string): Loaded<T> {
  if (process.env.WIRESTITCH_FAST_PATHS === 'off') {
    return { addon: undefined, why: 'switched off by WIRESTITCH_FAST_PATHS' };
  }
  return loadAddon<T>(name);
}
