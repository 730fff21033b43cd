import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasFilter, viewOf, zoomText } from './view-state.ts';

const of = (text: string) => viewOf(new URLSearchParams(text));

test('an address, whatever it says', () => {
  assert.deepEqual(of(''), {
    view: 'waterfall',
    span: '',
    zoom: undefined,
    text: '',
    service: undefined,
    operation: undefined,
    errors: false,
    critical: false,
    only: false,
    adjust: false,
  });
  const full = of('view=spans&span=00ab&zoom=5-900&find=x&service=&errors=1&adjust=1');
  assert.deepEqual([full.view, full.span, full.zoom], ['spans', '00ab', { from: 5, to: 900 }]);
  assert.deepEqual([full.text, full.service, full.errors, full.adjust], ['x', '', true, true]);
  assert.equal(of('view=<script>').view, 'waterfall');
  for (const bad of ['9-5', '-1-5', 'a-b', '5']) assert.equal(of(`zoom=${bad}`).zoom, undefined);
});

test('zoom goes to and from the address', () => {
  assert.equal(zoomText(undefined), '');
  assert.deepEqual(of(`zoom=${zoomText({ from: 1.4, to: 99.6 })}`).zoom, { from: 1, to: 100 });
});

test('a service without a name is a filter', () => {
  assert.equal(hasFilter(of('')), false);
  assert.equal(hasFilter(of('service=')), true);
  assert.equal(hasFilter(of('only=1')), false);
  assert.equal(hasFilter(of('critical=1')), true);
});
