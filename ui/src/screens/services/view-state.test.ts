import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matches, viewState } from './view-state.ts';

const state = (query: string) => viewState(new URLSearchParams(query));

test('an empty address is the map of everything', () => {
  assert.deepEqual(state(''), {
    view: 'map',
    focus: '',
    hops: 2,
    errorsOnly: false,
    find: '',
    caller: '',
    callee: '',
    open: '',
    sort: 'rate',
    descending: true,
  });
});

test('what an address says is kept, nonsense is not', () => {
  const all = state('view=list&focus=service:a&hops=3&errors=1&find=x&sort=p99&dir=asc&open=b');
  assert.deepEqual([all.view, all.focus, all.hops, all.errorsOnly], ['list', 'service:a', 3, true]);
  assert.deepEqual([all.find, all.sort, all.descending, all.open], ['x', 'p99', false, 'b']);
  const odd = state('view=x&hops=9&errors=maybe&sort=__proto__');
  assert.deepEqual([odd.view, odd.hops, odd.errorsOnly, odd.sort], ['map', 2, false, 'rate']);
  assert.equal(state('sort=name').descending, false);
});

test('names are found in any case', () => {
  assert.ok(matches('Web-Frontend', 'FRONT'));
  assert.ok(matches('anything', ''));
  assert.ok(!matches('web', 'shop'));
});
