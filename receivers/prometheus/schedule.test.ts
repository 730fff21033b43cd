import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeClock } from '../../testing/clock.ts';
import { Schedule } from './schedule.ts';

test('everything in its order, with one timer; what is cancelled does not run', async () => {
  const times = fc.array(fc.tuple(fc.nat(1000), fc.boolean()), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(times, async (given) => {
      const clock = fakeClock();
      const schedule = new Schedule(clock);
      const startMs = clock.monotonicMs();
      const ran: number[] = [];
      for (const [ms, cancelled] of given) {
        const timer = schedule.at(startMs + ms, () => {
          assert.ok(clock.monotonicMs() - startMs >= ms);
          ran.push(ms);
        });
        if (cancelled) timer.cancel();
        assert.ok(clock.pending <= 1);
      }
      await clock.advance(1000);
      const wanted = given.filter(([, cancelled]) => !cancelled).map(([ms]) => ms);
      assert.deepEqual(
        ran,
        wanted.sort((a, b) => a - b),
      );
      assert.equal(clock.pending, 0);
    }),
    { numRuns: 30 },
  );
});
