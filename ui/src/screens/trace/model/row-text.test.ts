import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TraceRow } from '../../../../../query/web/contract/trace.ts';
import { rowLabel, rowSpoken, warningText } from './row-text.ts';

const row: TraceRow = {
  index: 0,
  depth: 0,
  children: 2,
  below: 3,
  errorsBelow: 0,
  shut: false,
  missing: false,
  spanId: '00000000000000ab',
  service: 0,
  name: 'GET /\u202e',
  kind: 2,
  status: 2,
  startNs: 1e6,
  durationNs: 10e6,
  selfNs: 5e6,
  source: 'network',
  point: 'client_nic',
  rule: 'tcp_sequence',
  unlinked: '',
  events: 0,
  links: 0,
  marks: [],
  critical: [0, 1],
  match: false,
};

test('beside a bar', () => {
  assert.equal(rowLabel(row), '10 ms · client_nic · by tcp_sequence · self 50 %');
  assert.equal(rowLabel({ ...row, children: 0, point: '', rule: '' }), '10 ms');
  const unlinked = { ...row, rule: '', point: '', unlinked: 'ambiguous', children: 0 };
  assert.equal(rowLabel(unlinked), '10 ms · unlinked: ambiguous');
});

test('in words, with what cannot be seen made visible', () => {
  assert.deepEqual(rowSpoken(row, 'web'), {
    name: 'web GET /<U+202E>, error',
    time: `${rowLabel(row)}, starts at 1 ms, seen by network, on the critical path`,
  });
  const missing = rowSpoken({ ...row, missing: true, below: 1 }, '');
  assert.deepEqual(missing, {
    name: 'Parent not stored, span 00000000000000ab',
    time: '1 span below',
  });
});

test('warnings are sentences', () => {
  const kinds = ['missing_parent', 'copies', 'several_roots', 'negative', 'before_parent'] as const;
  assert.deepEqual(
    kinds.map((kind) => warningText({ kind, count: 1, first: 0 })),
    [
      '1 parent is not stored',
      '1 span came twice and is shown once',
      '1 spans have no parent',
      '1 span ends before the beginning',
      '1 span begins before the parent: clocks are apart',
    ],
  );
});
