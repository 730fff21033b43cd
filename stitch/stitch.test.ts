import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StitchSpan } from './span.ts';
import { stitch } from './stitch.ts';
import { type Clicks, makeClicks } from './testing/clicks.ts';
import { random } from './testing/random.ts';

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
 * Links whose parent is no true ancestor. Where spans were lost, an id that several requests of a click
 * have may name the only one that is left: that counts as wrong only between clicks.
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
