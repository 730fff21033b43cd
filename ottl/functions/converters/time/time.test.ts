import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { OttlTime, utc } from '../../../values.ts';
import { convert, dynamic } from '../testing.ts';
import { civilFromSeconds, secondsFromCivil, weekdayOf, yearDayOf } from './civil.ts';
import { parseDuration } from './duration.ts';
import { formatTime } from './format-layout.ts';
import { chunksOf } from './layout.ts';
import { parseTime } from './parse-layout.ts';
import { Zones } from './zones.ts';

const runs = { numRuns: 300 };
// what Date can hold
const seconds = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 });

suite('calendar', () => {
  test('as Date counts', () => {
    fc.assert(
      fc.property(seconds, (at) => {
        const civil = civilFromSeconds(at);
        const date = new Date(at * 1000);
        assert.deepEqual(
          [civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second],
          [
            date.getUTCFullYear(),
            date.getUTCMonth() + 1,
            date.getUTCDate(),
            date.getUTCHours(),
            date.getUTCMinutes(),
            date.getUTCSeconds(),
          ],
        );
        assert.equal(weekdayOf(at), date.getUTCDay());
        assert.equal(secondsFromCivil(civil), at);
        const yearStart = secondsFromCivil({ ...civil, month: 1, day: 1 });
        assert.equal(yearDayOf(civil), Math.round((at - yearStart) / 86_400) + 1);
      }),
      runs,
    );
  });
});

suite('layouts', () => {
  const zones = new Zones();
  const layouts = [
    '2006-01-02T15:04:05.999999999Z07:00',
    'Mon Jan _2 15:04:05.000000000 -0700 2006',
    'Monday, 02-January-2006 03:04:05.999999999 PM -070000',
    '2006 002 15 4 5.999999999 Z0700',
  ];

  test('what is written is read', () => {
    const nanos = fc.bigInt({ min: 0n, max: 150_000_000_000_000_000_000n });
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata');
    fc.assert(
      fc.property(nanos, zone, fc.constantFrom(...layouts), (at, name, layout) => {
        const chunks = chunksOf(layout);
        // offsets before 1972 have seconds, which most layouts do not show
        const time = new OttlTime(at + 100_000_000n * 1_000_000_000n, zones.load(name)!);
        const text = formatTime(time, chunks);
        const parsed = parseTime(text, chunks, utc);
        assert.ok('time' in parsed, text);
        assert.equal(parsed.time.nanos, time.nanos, text);
      }),
      runs,
    );
  });

  test('any text is a time or a mismatch', () => {
    const text = fc.string({ unit: fc.constantFrom(...'0123456789:-. ZTJanMouPM+') });
    fc.assert(
      fc.property(text, fc.constantFrom(...layouts), (any, layout) => {
        const parsed = parseTime(any, chunksOf(layout), utc);
        assert.ok('time' in parsed || parsed.mismatch.layoutElement !== undefined);
      }),
      runs,
    );
  });
});

suite('durations', () => {
  test('units', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 59 }), (h, m) => {
        assert.equal(parseDuration(`-${h}h${m}m`).nanos, -(BigInt(h * 60 + m) * 60_000_000_000n));
      }),
      runs,
    );
    for (const bad of ['', '1', '1x', '--1s', '.s', '9223372036854775808ns', '1 h']) {
      assert.throws(() => parseDuration(bad), /^Error: time: /, bad);
    }
    assert.equal(parseDuration('-9223372036854775808ns').nanos, -(2n ** 63n));
  });
});

suite('Time', () => {
  const read = (text: string, format: string) =>
    convert('Time', { time: dynamic(text), format, location: 'UTC' }) as OttlTime;
  const iso = ({ nanos }: OttlTime) => new Date(Number(nanos / 1_000_000n)).toISOString();

  test('a time without a year is of this one, or of the last when it lies ahead', () => {
    // the clock of these tests shows 3 January 2024
    assert.equal(iso(read('Jan  5 01:02:03', '%b %e %H:%M:%S')), '2024-01-05T01:02:03.000Z');
    assert.equal(iso(read('Dec 31 01:02:03', '%b %e %H:%M:%S')), '2023-12-31T01:02:03.000Z');
  });

  test('text behind the format is a fault of the item', () => {
    assert.throws(() => read('2023-05-26 trailing', '%Y-%m-%d'), /extra text/);
    assert.throws(() => read('', '%Y'), /time cannot be nil/);
  });

  test('formats are checked beforehand', () => {
    const format = (text: string) => () => convert('Time', { time: dynamic('x'), format: text });
    assert.throws(format(''), /format cannot be nil/);
    assert.throws(format('%Q'), /unsupported ctimefmt.toNative\(\) directive: %Q/);
    assert.throws(format('2006'), /should not contain decimals/);
    assert.throws(format('%S%L'), /must be preceded with '\.' or ','/);
  });
});
