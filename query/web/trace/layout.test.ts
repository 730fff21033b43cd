import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Layout, layOut, markBits } from './layout.ts';
import { type Sketch, sketches, traceId } from './testing/spans.ts';

function lay(list: readonly Sketch[], adjust = false): Layout {
  return layOut({ traceId, spans: sketches(list), truncated: false }, adjust).layout;
}

/** `name@depth`, a row each. */
function shape(layout: Layout): string[] {
  return Array.from(layout.name, (name, i) => {
    const text = layout.missing[i] === 1 ? `?${Number.parseInt(layout.spanIds[i]!, 16)}` : '';
    return `${text || layout.texts[name]}@${layout.depth[i]}`;
  });
}

test('a tree, children by start', () => {
  const layout = lay([
    { id: 3, parent: 1, from: 50, to: 90, name: 'late' },
    { id: 1, from: 0, to: 100, name: 'root' },
    { id: 2, parent: 1, from: 10, to: 40, name: 'early', status: 2 },
    { id: 4, parent: 2, from: 20, to: 30, name: 'leaf', status: 2 },
  ]);
  assert.deepEqual(shape(layout), ['root@0', 'early@1', 'leaf@2', 'late@1']);
  assert.deepEqual([...layout.below], [3, 1, 0, 0]);
  assert.deepEqual([...layout.children], [2, 1, 0, 0]);
  assert.deepEqual([...layout.errorsBelow], [2, 1, 0, 0]);
  assert.deepEqual([...layout.selfNs], [30, 20, 10, 40]);
  assert.equal(layout.durationNs, 100);
  assert.equal(layout.root, 0);
});

test('children of a parent that is not stored stand below a row for it', () => {
  const layout = lay([
    { id: 1, from: 0, to: 10, name: 'root' },
    { id: 2, parent: 9, from: 20, to: 80, name: 'a' },
    { id: 3, parent: 9, from: 30, to: 40, name: 'b' },
    { id: 4, parent: 2, from: 35, to: 40, name: 'c' },
  ]);
  assert.deepEqual(shape(layout), ['root@0', '?9@0', 'a@1', 'c@2', 'b@1']);
  assert.deepEqual([layout.startNs[1], layout.endNs[1], layout.selfNs[1]], [20, 80, 0]);
  assert.equal(layout.texts[layout.name[layout.root]!], 'a');
});

test('circles are cut at their earliest span, and said', () => {
  const layout = lay([
    { id: 1, parent: 3, from: 5, to: 10, name: 'one' },
    { id: 2, parent: 1, from: 1, to: 10, name: 'two' },
    { id: 3, parent: 2, from: 7, to: 10, name: 'three' },
    { id: 4, parent: 4, from: 8, to: 10, name: 'own' },
    { id: 5, parent: 1, from: 9, to: 10, name: 'leaf' },
  ]);
  assert.deepEqual(shape(layout), ['two@0', 'three@1', 'one@2', 'leaf@3', 'own@0']);
  assert.deepEqual(
    [...layout.marks].map((m) => (m & markBits.cycle) !== 0),
    [true, false, false, false, true],
  );
});

test('copies among very many spans of one id are found, with no comparison of each with each', () => {
  const half = Array.from({ length: 20_000 }, (_, i) => {
    return { id: 1, from: 1, to: 5, name: 'x', attributes: { i: String(i) } };
  });
  const { layout } = layOut(
    { traceId, spans: sketches([...half, ...half]), truncated: false },
    false,
  );
  assert.equal(layout.copies, half.length);
  assert.equal(layout.count, half.length);
});

test('copies are left out; both ends of a call may share an id; other spans of an id are marked', () => {
  const copy: Sketch = { id: 1, from: 0, to: 100, name: 'root' };
  const zipkin = lay([
    copy,
    copy,
    { id: 2, parent: 1, from: 10, to: 90, kind: 3, name: 'call' },
    { id: 2, parent: 1, from: 20, to: 80, kind: 2, name: 'serve' },
    { id: 3, parent: 2, from: 30, to: 40, name: 'work' },
  ]);
  assert.equal(zipkin.copies, 1);
  assert.deepEqual(shape(zipkin), ['root@0', 'call@1', 'serve@2', 'work@3']);
  assert.ok(zipkin.marks.every((mark) => mark === 0));
  const odd = lay([
    copy,
    { id: 1, from: 0, to: 100, name: 'root', attributes: { other: true } },
    { id: 2, parent: 1, from: 1, to: 2, name: 'child' },
  ]);
  assert.deepEqual(shape(odd), ['root@0', 'child@1', 'root@0']);
  assert.deepEqual([...odd.marks], [markBits.duplicate_id, 0, markBits.duplicate_id]);
});

test('times that cannot be are shown as far as they can be', () => {
  const year = 365n * 86_400n * 1_000_000_000n;
  const layout = lay([
    { id: 1, from: 0, to: 100, name: 'root' },
    { id: 2, parent: 1, from: 50, to: 20, name: 'backwards' },
    { id: 3, parent: 1, from: -30, to: 20, name: 'before' },
    { id: 4, parent: 1, from: -40n * year, to: -40n * year + 5n, name: '1983' },
    { id: 5, parent: 1, from: 60, to: 60, name: 'nothing' },
  ]);
  const by = new Map(shape(layout).map((name, i) => [name, i]));
  const at = (name: string): number => by.get(name)!;
  assert.equal(layout.durationNs, 130);
  assert.equal(layout.startNs[at('root@0')], 30);
  const names = ['backwards@1', 'before@1', '1983@1', 'nothing@1'];
  const { negative, before_parent: before, off_axis: off } = markBits;
  assert.deepEqual(
    names.map((name) => layout.marks[at(name)]),
    [negative, before, off, 0],
  );
  assert.equal(layout.endNs[at('backwards@1')], layout.startNs[at('backwards@1')]);
  assert.equal(layout.root, at('root@0'));
});

test('clocks are put right where that is asked for', () => {
  const list: Sketch[] = [
    { id: 1, from: 0, to: 100, host: 'a' },
    { id: 2, parent: 1, from: 1000, to: 1060, host: 'b' },
  ];
  assert.deepEqual([...lay(list).startNs], [0, 1000]);
  const adjusted = lay(list, true);
  assert.deepEqual([...adjusted.startNs], [0, 20]);
  assert.deepEqual([...adjusted.marks], [0, markBits.adjusted]);
});

test('captured spans: source, point, rule', () => {
  const layout = lay([
    { id: 1, from: 0, to: 100 },
    {
      id: 2,
      parent: 1,
      from: 1,
      to: 99,
      source: 'ebpf',
      attributes: {
        'wirestitch.observation_point': 'client_process',
        'wirestitch.stitch.rule': 'span_id',
      },
    },
    { id: 3, from: 2, to: 9, source: 'packet', attributes: { 'wirestitch.stitch.unlinked': 'x' } },
  ]);
  const text = (column: Int32Array): string[] => Array.from(column, (n) => layout.texts[n]!);
  assert.deepEqual([...layout.source], [0, 1, 2]);
  assert.deepEqual(text(layout.point), ['', 'client_process', '']);
  assert.deepEqual(text(layout.rule), ['', 'span_id', '']);
  assert.deepEqual(text(layout.unlinked), ['', '', 'x']);
});

test('a hundred thousand spans below each other', () => {
  const list = Array.from({ length: 100_000 }, (_, i): Sketch => {
    const span = { id: i + 1, from: i, to: 200_000 - i, name: 'x' };
    return i === 0 ? span : { ...span, parent: i };
  });
  const layout = lay(list);
  assert.equal(layout.depth.at(-1), 99_999);
  assert.equal(layout.below[0], 99_999);
});

const anyTrace = fc
  .array(
    fc.record({
      id: fc.integer({ min: 1, max: 25 }),
      parent: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
      from: fc.integer({ min: -20, max: 100 }),
      lasts: fc.integer({ min: -5, max: 80 }),
      kind: fc.integer({ min: 0, max: 5 }),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((list) =>
    list.map(({ lasts, parent, ...rest }): Sketch => {
      const span = { ...rest, to: rest.from + lasts };
      return parent === undefined ? span : { ...span, parent };
    }),
  );

test('whatever comes: every span has one row, below its parent, and times add up', () => {
  fc.assert(
    fc.property(anyTrace, fc.boolean(), (list, adjust) => {
      const layout = lay(list, adjust);
      const { count, parent, below, depth, critical, root } = layout;
      const spans = layout.span.filter((n) => n !== -1);
      assert.equal(new Set(spans).size, list.length - layout.copies);
      for (let i = 0; i < count; i++) {
        const above = parent[i]!;
        assert.ok(above < i);
        assert.equal(depth[i], above === -1 ? 0 : depth[above]! + 1);
        if (above !== -1) assert.ok(i <= above + below[above]!);
        assert.ok(layout.selfNs[i]! >= 0);
        assert.ok(layout.selfNs[i]! <= layout.endNs[i]! - layout.startNs[i]!);
      }
      // The stretches of the critical path tile the root's interval.
      let at = layout.startNs[root]!;
      for (let i = 0; i < critical.row.length; i++) {
        const row = critical.row[i]!;
        assert.equal(critical.startNs[i], at);
        assert.ok(critical.endNs[i]! > at);
        assert.ok(row >= root && row <= root + below[root]!);
        assert.ok(layout.startNs[row]! <= at && critical.endNs[i]! <= layout.endNs[row]!);
        at = critical.endNs[i]!;
      }
      assert.equal(at, layout.endNs[root]);
    }),
    { numRuns: 400 },
  );
});

test('self time is the time in which no child ran', () => {
  fc.assert(
    fc.property(anyTrace, (list) => {
      const layout = lay(list);
      for (let row = 0; row < layout.count; row++) {
        if (layout.missing[row] === 1) continue;
        let own = 0;
        for (let t = layout.startNs[row]!; t < layout.endNs[row]!; t++) {
          let busy = false;
          for (let i = 0; i < layout.count; i++) {
            if (layout.parent[i] !== row) continue;
            if (layout.startNs[i]! <= t && t < layout.endNs[i]!) busy = true;
          }
          if (!busy) own += 1;
        }
        assert.equal(layout.selfNs[row], own);
      }
    }),
    { numRuns: 200 },
  );
});
