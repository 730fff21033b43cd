import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceRow } from '../../../../query/web/contract/services.ts';
import { sorted } from './sort.ts';

function row(name: string, calls: number, errors: number, ns: number | null): ServiceRow {
  const red = { calls, errors, perSecond: calls, p50Ns: ns, p95Ns: ns, p99Ns: ns };
  const rest = { system: '', instrumented: true, measure: 'requests', series: null } as const;
  return { id: `service:${name}`, type: 'service', name, red, ...rest };
}

const rows = [row('b', 5, 5, 10), row('a', 5, 1, 30), row('d', 0, 0, null), row('c', 9, 0, 20)];

test('rows by any figure, those without one last either way', () => {
  const f = (key: Parameters<typeof sorted>[1], descending: boolean, want: string) => {
    const names = sorted(rows, key, descending).map(({ name }) => name);
    assert.equal(names.join(''), want, `${key} ${descending}`);
  };
  f('name', false, 'abcd');
  f('name', true, 'dcba');
  f('rate', true, 'cabd');
  f('rate', false, 'dabc');
  f('errors', true, 'bacd');
  f('errors', false, 'cabd');
  f('p95', true, 'acbd');
  f('p50', false, 'bcad');
  f('p99', true, 'acbd');
});
