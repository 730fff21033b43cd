import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { observationPoints } from '../wire/observation/points.ts';
import { conflicts } from './conflict.ts';
import { type Capture, defaultStitchOptions, rules, type StitchSpan } from './span.ts';
import { stitch } from './stitch.ts';
import { type Clicks, makeClicks } from './testing/clicks.ts';
import { type Random, random } from './testing/random.ts';
import { sdk, seen, treeOf } from './testing/spans.ts';

/** Parent and reason by span id, whatever the order of the spans. */
function byId(spans: readonly StitchSpan[]): Map<string, string> {
  const { links } = stitch(spans);
  const key = (i: number): string => `${spans[i]!.traceId}/${spans[i]!.spanId}/${spans[i]!.kind}`;
  return new Map(
    links.map((link, i) => [
      key(i),
      'rule' in link ? `${key(link.parent)} ${link.rule} ${link.evidence}` : link.unlinked,
    ]),
  );
}

function ancestors(parents: readonly number[], i: number): Set<number> {
  const up = new Set<number>();
  for (let at = parents[i]!; at !== -1; at = parents[at]!) up.add(at);
  return up;
}

/**
 * Links whose parent is no true ancestor. Where spans were lost, an id that several requests of a
 * click have may name the only one that is left: that counts as wrong only between clicks.
 */
function wrongLinks({ spans, parents, clickOf }: Clicks, lost: boolean): string[] {
  const { links } = stitch(spans);
  return links.flatMap((link, i) => {
    if (!('rule' in link) || ancestors(parents, i).has(link.parent)) return [];
    const sameClick = clickOf[i] === clickOf[link.parent];
    if (lost && sameClick && byUniqueness.has(link.rule)) return [];
    const other = sameClick ? 'same click' : 'other click';
    return [`${i} under ${link.parent} by ${link.rule} (${link.evidence}), ${other}`];
  });
}

const byUniqueness: ReadonlySet<string> = new Set(['request_id', 'process_trace_id', 'span_id']);

const lostShares = [0, 0.1, 0.5].map((lost) => ({ lost, crowded: 0 }));

const traffic = fc
  .record({
    seed: fc.nat(),
    clicks: fc.integer({ min: 1, max: 24 }),
    services: fc.integer({ min: 1, max: 7 }),
    withinMs: fc.constantFrom(0.1, 5, 100),
    // An id that two requests share is only doubtful as long as both are there.
    share: fc.constantFrom({ lost: 0, crowded: 0.2 }, ...lostShares),
  })
  .map(({ share, ...rest }) => ({ ...rest, ...share }));

test('made-up traffic: never a wrong link', () => {
  fc.assert(
    fc.property(traffic, (options) => {
      assert.deepEqual(wrongLinks(makeClicks(options), options.lost > 0), []);
    }),
    { numRuns: 400 },
  );
});

test('made-up traffic that system calls show everywhere: every captured span has its parent', () => {
  let exact = 0;
  let above = 0;
  for (let seed = 0; seed < 40; seed++) {
    const options = { clicks: 12, services: 6, withinMs: 20, lost: 0, crowded: 0, watched: true };
    const made = makeClicks({ seed, ...options });
    const { links } = stitch(made.spans);
    for (const [i, { parent }] of links.entries()) {
      const truth = made.parents[i]!;
      if (made.spans[i]!.capture === undefined || truth === -1) continue;
      assert.notEqual(parent, -1, `span ${i} of seed ${seed} has no parent`);
      if (parent === truth) exact++;
      else {
        // A call without a header hangs above the span that its caller's SDK made.
        assert.ok(made.spans[truth]!.capture === undefined && made.spans[truth]!.kind === 3);
        above++;
      }
    }
  }
  assert.ok(exact > 10_000 && above > 0, `${exact} exact, ${above} above`);
});

test('the order of the spans does not matter', () => {
  fc.assert(
    fc.property(traffic, fc.nat(), (options, seed) => {
      const { spans } = makeClicks(options);
      const next = random(seed);
      const mixed = spans
        .map((span) => ({ span, at: next.upTo(1) }))
        .sort((a, b) => a.at - b.at)
        .map(({ span }) => span);
      assert.deepEqual(new Map([...byId(mixed)].sort()), new Map([...byId(spans)].sort()));
    }),
    { numRuns: 150 },
  );
});

/** Spans whose ids, places and times collide all the time. */
function collidingSpans(next: Random, count: number): StitchSpan[] {
  const id = () => next.pick('', 'a', 'b', 'c');
  const sequence = () => next.pick(undefined, 1, 2);
  return Array.from({ length: count }, (_, n) => {
    const where = {
      trace: next.pick('1', '2', `f${n}`),
      parent: next.pick('', '1', '2', '3', '4'),
      at: next.upTo(100),
      ms: next.upTo(100),
      host: next.pick('', 'x', 'y'),
      ...next.pick({}, { pid: 1 }, { pid: 2 }),
    };
    const spanId = (n + 16).toString(16);
    const shared = next.pick('1', '2', '3', '4', spanId);
    if (next.chance(0.3)) return sdk(shared, { ...where, kind: Math.floor(next.upTo(6)) });
    const capture: Partial<Capture> = {
      transport: next.pick('tcp', 'tcp', 'udp'),
      clientAddress: next.pick('10.0.0.1', '10.0.0.2', '127.0.0.1', ''),
      clientPort: next.pick(1, 2),
      serverAddress: next.pick('10.0.0.1', '10.0.0.2', '127.0.0.1', ''),
      requestSequence: sequence(),
      responseSequence: sequence(),
      requestHead: id(),
      syscallRequest: id(),
      syscallResponse: id(),
      requestId: id(),
      responseRequestId: id(),
      businessIds: [id()],
      answered: next.chance(0.8),
      cut: next.chance(0.2),
      facts: new Map([['url.path', next.pick('/', '/a', '/b')]]),
    };
    return seen(spanId, next.pick(...observationPoints), { ...where, ...capture });
  });
}

const colliding = fc.record({ seed: fc.nat(), count: fc.integer({ min: 0, max: 60 }) });
const sightingRules: ReadonlySet<string> = new Set([
  ...['tcp_sequence', 'datagram', 'address_translation'],
]);

test('however ids collide: no circle, and no link between sightings that contradict each other', () => {
  fc.assert(
    fc.property(colliding, ({ seed, count }) => {
      const spans = collidingSpans(random(seed), count);
      const { links, joins, unlinked } = stitch(spans);
      const parents = links.map((link) => link.parent);
      for (const [i, link] of links.entries()) {
        const up = new Set<number>();
        for (let at = i; at !== -1; at = parents[at]!) {
          assert.ok(!up.has(at), `span ${i} is above itself`);
          up.add(at);
        }
        if (!('rule' in link) || !sightingRules.has(link.rule)) continue;
        assert.ok(!conflicts(spans[i]!.capture!, spans[link.parent]!.capture!));
      }
      const without = links.filter((link) => link.parent === -1).length;
      assert.equal(
        [...unlinked.values()].reduce((a, b) => a + b, 0),
        without,
      );
      const ids = new Set(spans.map((span) => span.traceId));
      for (const { from, to, rule } of joins) {
        assert.ok(ids.has(from) && ids.has(to) && from !== to && rules.includes(rule));
        assert.ok(!joins.some((join) => join.from === to), 'joins lead straight to one trace');
      }
    }),
    { numRuns: 600 },
  );
});

test('of links in a circle the weakest go', () => {
  const spans = [sdk('1', { parent: '2' }), sdk('2', { parent: '1' }), sdk('3', { parent: '1' })];
  assert.deepEqual(treeOf(spans), { 1: 'cycle', 2: 'cycle', 3: '1 span_id' });
  assert.deepEqual(treeOf([sdk('1', { parent: '1' })]), { 1: 'parent_not_stored' });
});

test('a span that was delivered twice has one place', () => {
  const call = seen('2', 'client_nic', { requestSequence: 1 });
  const served = seen('3', 'server_nic', { requestSequence: 1, at: 1 });
  const { links } = stitch([call, served, { ...served }, { ...call }]);
  assert.deepEqual(
    links.map((link) => link.parent),
    [-1, 0, 0, -1],
  );
});

test('too many spans are not linked at all', () => {
  const spans = [sdk('1'), sdk('2', { parent: '1' })];
  assert.deepEqual(treeOf(spans, { ...defaultStitchOptions, maxSpans: 1 }), {
    1: 'limit',
    2: 'limit',
  });
  assert.deepEqual(stitch([]), { links: [], joins: [], unlinked: new Map() });
});

test('joins name the trace of the root and the strongest rule', () => {
  const numbers = { requestSequence: 1, responseSequence: 2 };
  const spans = [
    seen('1', 'client_nic', numbers),
    seen('2', 'server_process', { ...numbers, host: 'x', pid: 1, syscallRequest: 'a', at: 1 }),
    seen('3', 'client_process', { host: 'x', pid: 1, syscallRequest: 'a', at: 2, clientPort: 1 }),
  ];
  const [one, two, three] = spans.map((span) => span.traceId);
  assert.deepEqual(stitch(spans).joins, [
    { from: two, to: one, rule: 'tcp_sequence' },
    { from: three, to: one, rule: 'syscall' },
  ]);
});
