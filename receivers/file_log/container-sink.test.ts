import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Logs } from '../../pdata/batch.ts';
import { toJson } from '../../pdata/json.ts';
import { lookUpEncoding } from '../../stanza/encoding.ts';
import { fakeClock } from '../../testing/clock.ts';
import { testSettings } from '../../testing/settings.ts';
import { config } from './config.ts';
import { ContainerSink } from './container-sink.ts';
import { EntrySink } from './entry-sink.ts';
import { type LogFile, newState } from './log-file.ts';
import type { Sink } from './sink.ts';

const pod = '/var/log/pods/shop_web-1_0a1b-2c/app';
const paths = [`${pod}/0.log`, `${pod}/1.log`, `${pod}/0.log`, '/var/log/other.log'];

function fileOf(path: string): LogFile {
  const state = newState({} as never, 0);
  state.attributes = new Map([['log.file.path', path]]);
  return { path, fd: -1, device: 0, inode: 0, size: 0, mtimeMs: 0, state, lost: 0 };
}

const times = [
  ...['2026-11-22T10:00:00.123456789Z', '2026-11-22T10:00:00Z', '2026-11-22T10:00:00.5+05:30'],
  ...['2024-02-29T23:59:59.000000001-07:00', '2023-02-29T00:00:00Z', '1969-12-31T23:59:59.9Z'],
  ...['2026-11-22T10:00:00.Z', '2026-11-22T24:00:00Z', '2026-11-22T10:00:00.1234567891Z'],
  ...['2026-13-01T00:00:00Z', '2026-1-01T00:00:00Z', '0001-01-01T00:00:00Z', '2026-11-22 10', 'Z'],
];
const time = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...times.slice(0, 4)) },
  fc.constantFrom(...times),
);
const often = <T>(usual: T, ...others: T[]) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));
const parts = fc.tuple(
  time,
  often('stdout', 'stderr', 'stdou', 'stdout '),
  often('F', 'P', 'F', '', 'x'),
  often(' text of a log', '', ' ', '  two', ' ü', ' a\nb', '\t', 'F'),
);
const line = fc.oneof(
  {
    weight: 6,
    arbitrary: parts.map(([at, stream, tag, text]) => `${at} ${stream} ${tag}${text}`),
  },
  fc.constantFrom('', '{}', 'x', '{"log":"a\\n","stream":"stdout","time":"2026-11-22T10:00:00Z"}'),
);
const step = fc.oneof(
  { weight: 8, arbitrary: line.map((text) => ({ text: Buffer.from(text) })) },
  fc.constant({ text: Buffer.from(`${times[0]} stdout F \xff`, 'latin1') }),
  fc.nat(paths.length - 1).map((file) => ({ file })),
  fc.constantFrom({ take: true }, { wait: true }),
);
type Step = { text: Buffer } | { file: number } | { take: true } | { wait: true };

/** What a sink makes of steps: the records of each path and resource in order, and what it holds after each. */
async function run(make: (clock: ReturnType<typeof fakeClock>) => Sink, steps: readonly Step[]) {
  const clock = fakeClock(Date.UTC(2026, 10, 22, 10));
  const sink = make(clock);
  const files = paths.map(fileOf);
  const records = new Map<string, unknown[]>();
  const held: number[][] = [];
  const begin = (index: number) => {
    sink.begin(files[index]!);
    held.push(files.map(({ state }) => sink.held().get(state) ?? -1));
  };
  const take = () => {
    const batch = sink.take();
    if (batch !== undefined) collect(batch, records);
  };
  let file = 0;
  begin(file);
  for (const [i, one] of steps.entries()) {
    if ('text' in one) {
      const padded = Buffer.concat([Buffer.from('xx'), one.text, Buffer.from('\nyy')]);
      if (one.text.length > 0) sink.add(padded, 2, 2 + one.text.length, i, i);
      continue;
    }
    if ('take' in one) take();
    if ('file' in one) file = one.file;
    begin(file);
    if ('wait' in one) await clock.advance(6000);
  }
  sink.flush(true);
  take();
  return { records, held };
}

interface Json {
  resourceLogs: { resource?: unknown; scopeLogs: { logRecords: { attributes: Pair[] }[] }[] }[];
}
interface Pair {
  key: string;
  value: { stringValue?: string };
}

function collect(batch: Logs, into: Map<string, unknown[]>): void {
  for (const { resource, scopeLogs } of (JSON.parse(toJson(batch)) as Json).resourceLogs) {
    for (const record of scopeLogs.flatMap(({ logRecords }) => logRecords)) {
      const path = record.attributes.find(({ key }) => key === 'log.file.path')!.value.stringValue!;
      const key = path + JSON.stringify(resource);
      const list = into.get(key) ?? [];
      list.push({ resource, record });
      into.set(key, list);
    }
  }
}

for (const given of [{}, { format: 'containerd' }, { format: 'crio' }]) {
  test(`the short way makes the same records as the general one: ${JSON.stringify(given)}`, async () => {
    const checked = config.parse({
      include: ['x'],
      include_file_record_number: true,
      attributes: { a: 'b' },
      resource: { r: 's' },
      operators: [{ type: 'container', ...given }],
    });
    const encoding = lookUpEncoding('utf-8');
    const { container } = checked.operators.steps[0]!.plan;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 24 }), async (steps) => {
        const settings = (clock: ReturnType<typeof fakeClock>) => testSettings({ id: 'x', clock });
        const short = await run(
          (clock) => new ContainerSink(settings(clock), checked, encoding, container!),
          steps,
        );
        const general = await run(
          (clock) => new EntrySink(settings(clock), checked, encoding),
          steps,
        );
        assert.deepEqual(short, general);
      }),
      { numRuns: 1500 },
    );
  });
}

test('keys of parsing, and conditions, take the general way', () => {
  const plan = (keys: object) =>
    config.parse({ include: ['x'], operators: [{ type: 'container', ...keys }] }).operators
      .steps[0]!.plan.container;
  assert.deepEqual(plan({ format: 'crio', add_metadata_from_filepath: false })?.fromPath, false);
  for (const keys of [
    { if: 'true' },
    { parse_from: 'attributes.x' },
    { parse_to: 'attributes.x' },
    { body: 'attributes.x' },
    { severity: { parse_from: 'attributes.x' } },
    { scope_name: { parse_from: 'attributes.x' } },
  ]) {
    assert.equal(plan(keys), undefined, JSON.stringify(keys));
  }
});
