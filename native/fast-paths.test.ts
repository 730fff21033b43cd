import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { nativeFiles } from './load.ts';

/** What each addon with a twin is loaded by: module, expression that is true when it is used. */
const loaders: readonly [file: string, module: string, used: string][] = [
  ['hash', './index.ts', 'm.loadHashes().plain === undefined'],
  ['otlp', './otlp.ts', 'm.loadOtlpAddon() !== undefined'],
  ['otlp-edit', './otlp.ts', 'm.loadOtlpEditAddon() !== undefined'],
  ['columns', './columns.ts', 'm.loadColumns() !== undefined'],
  ['remote-write', './remote-write.ts', 'm.loadRemoteWrite() !== undefined'],
  ['exchanges', './exchanges.ts', 'm.loadExchanges() !== undefined'],
];

for (const [name, module, used] of loaders) {
  test(`${name}: its twin is used when the environment says so`, (t) => {
    const url = JSON.stringify(new URL(module, import.meta.url).href);
    const script = `import(${url}).then((m) => console.log(${used}))`;
    const isUsed = (env: NodeJS.ProcessEnv): string =>
      execFileSync(process.execPath, ['-e', script], {
        env: { ...process.env, WIRESTITCH_FAST_PATHS: '', WIRESTITCH_NO_NATIVE: '', ...env },
        encoding: 'utf8',
      }).trim();
    assert.equal(isUsed({ WIRESTITCH_FAST_PATHS: 'off' }), 'false');
    assert.equal(isUsed({ WIRESTITCH_NO_NATIVE: '1' }), 'false');
    if (nativeFiles(`${name}.node`).length === 0) return t.skip(`there is no ${name}.node`);
    assert.equal(isUsed({}), 'true');
  });
}
