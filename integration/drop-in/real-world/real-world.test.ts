// Configurations that people start from are accepted, started and do what the Go collector does.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Kind } from '../../../component/factory.ts';
import { ConfigError } from '../../../config/schema/issue.ts';
import { findComponent } from '../../../gateway/components.ts';
import { FeatureGates } from '../../../gateway/config/gates.ts';
import { readConfig } from '../../../gateway/load.ts';
import { names } from '../lib/verdict.ts';
import { absentIn, type RealConfig, realConfigs } from './configs.ts';
import { readExpected, setEnvironment, startReal } from './expected.ts';
import { limits, missing, ofMachine } from './missing.ts';
import { playReal } from './play.ts';

/** What is wrong with the file as it is. */
async function faultsOf({ file, env, gates: set }: RealConfig): Promise<string[]> {
  const gates = new FeatureGates();
  gates.apply(set);
  const restore = setEnvironment(env);
  try {
    await readConfig([file], env, { gates, checkOnly: true });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.issues.map(({ message }) => message);
  } finally {
    restore();
  }
}

test('the list of what is missing is true', () => {
  const used = new Set(
    realConfigs().flatMap(({ text, rejects }) => (rejects ? [] : absentIn(text))),
  );
  assert.deepEqual(
    [...used].sort(),
    Object.keys(missing),
    'components without a reason, or not used',
  );
  for (const name of Object.keys(missing)) {
    const [kind = '', type = ''] = name.split(/-(.*)/s);
    assert.equal(findComponent(kind as Kind, type), undefined, `${name} is here now`);
  }
});

for (const one of realConfigs()) {
  test(one.name, { timeout: 300_000 }, async (t) => {
    const expected = readExpected(one.name);
    assert.ok(expected !== undefined, 'nothing was recorded');
    const absent = absentIn(one.text);
    const found = await faultsOf(one);
    if (one.rejects !== '') {
      assert.ok(names({ accepted: false, says: found.join('\n') }, one.rejects), found.join('\n'));
      assert.equal(expected.verdict?.accepted, false);
      assert.ok(names(expected.verdict, one.rejects));
      return;
    }
    const others = found
      .filter((message) => !message.startsWith('unknown type: '))
      .filter((message) => !ofMachine.some((pattern) => pattern.test(message)));
    assert.deepEqual(others, limits[one.name]?.says ?? []);
    for (const name of absent) t.diagnostic(`without ${name}: ${missing[name]}`);
    const same = new Set([...absent, ...expected.without]);
    const outcome = await playReal(one, same, startReal);
    assert.deepEqual(outcome, expected.outcome);
    if (same.size === absent.length) return;
    const whole = await playReal(one, new Set(absent), startReal);
    assert.deepEqual(whole?.responses, outcome?.responses, 'with what only this program has');
  });
}
