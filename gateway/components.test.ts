import assert from 'node:assert/strict';
import test from 'node:test';
import { findComponent, registry } from './components.ts';

test('every line of the registry leads to the component that it names', async () => {
  const seen = new Set<string>();
  for (const entry of registry) {
    const { factory } = await entry.load();
    assert.equal(factory.kind, entry.kind);
    assert.equal(factory.type, entry.type);
    assert.deepEqual(factory.aliases ?? [], entry.aliases, entry.type);
    for (const type of [entry.type, ...entry.aliases]) {
      assert.ok(!seen.has(`${entry.kind} ${type}`), `${entry.kind} ${type} is there twice`);
      seen.add(`${entry.kind} ${type}`);
      assert.equal(findComponent(entry.kind, type), entry);
    }
  }
});
