import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bindings, isTyping, keyAction } from './keys.ts';

const none = { ctrlKey: false, metaKey: false, altKey: false };

test('every key does one thing', () => {
  const keys = bindings.flatMap((binding) => binding.keys);
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(keyAction({ ...none, key: 'N' }), 'previous-match');
  assert.equal(keyAction({ ...none, key: 'q' }), undefined);
});

test('keys of the browser stay its own', () => {
  assert.equal(keyAction({ ...none, key: 'p', ctrlKey: true }), undefined);
  assert.equal(isTyping({ tagName: 'INPUT' } as unknown as EventTarget), true);
  assert.equal(isTyping({ tagName: 'DIV' } as unknown as EventTarget), false);
});
