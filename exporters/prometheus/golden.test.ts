import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { parseJson } from '../../pdata/json.ts';
import { fakeClock } from '../../testing/clock.ts';
import { testSettings } from '../../testing/settings.ts';
import { Input } from '../../wire/prometheus/remote-write/protobuf.ts';
import { PrometheusBackend } from './backend.ts';
import { config } from './config.ts';

interface Case {
  readonly config: object;
  readonly accept?: string;
  readonly inputs: readonly string[];
}

interface Recorded {
  readonly type: string;
  readonly body: string | readonly string[];
}

const read = (name: string): string =>
  readFileSync(join(import.meta.dirname, 'testdata', name), 'utf8');
const cases = JSON.parse(read('cases.json')) as Readonly<Record<string, Case>>;
const expected = JSON.parse(read('expected.json')) as Readonly<Record<string, Recorded>>;

async function scrape(t: TestContext, { config: keys, accept, inputs }: Case): Promise<Recorded> {
  const settings = testSettings({ id: 'prometheus', clock: fakeClock(1_700_000_100_000) });
  const given = config.parse({ endpoint: '127.0.0.1:0', ...keys });
  const backend = new PrometheusBackend(settings, given);
  await backend.start();
  t.after(() => backend.shutdown());
  for (const input of inputs)
    await backend.push(parseJson('metrics', Buffer.from(read(input))), {});
  const { port } = backend.address as AddressInfo;
  const headers = accept === undefined ? {} : { accept };
  return new Promise((resolve, reject) => {
    get({ port, path: '/metrics', headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const type = response.headers['content-type'] ?? '';
        const bytes = Buffer.concat(chunks);
        const body = /protobuf/.test(type)
          ? bytes.toString('base64')
          : bytes.toString().split('\n');
        resolve({ type, body });
      });
    }).on('error', reject);
  });
}

/** Labels of exemplars come in any order from the Go collector. */
function sortExemplar(line: string): string {
  return line.replace(/ # \{(.*?)\}/, (_, labels: string) => {
    return ` # {${labels.split(',').sort().join(',')}}`;
  });
}

/** A protobuf message as text, for comparison: fields in order, labels of exemplars sorted. */
function messageText(bytes: Buffer): string {
  const input = new Input(bytes);
  const fields: string[] = [];
  while (input.pos < input.end) {
    const tag = input.varint();
    if ((tag & 7) === 2) {
      const end = input.inside();
      fields.push(`${tag >>> 3}:${contentText(bytes.subarray(input.pos, end))}`);
      input.pos = end;
    } else {
      const start = input.pos;
      input.skip(tag);
      fields.push(`${tag >>> 3}=${bytes.toString('hex', start, input.pos)}`);
    }
  }
  return fields.some((field) => /^1:.*(span|trace)_id/.test(field))
    ? fields.sort().join(' ')
    : fields.join(' ');
}

function contentText(bytes: Buffer): string {
  if (/^[\x20-\x7e\u00a0-\uffff]*$/.test(bytes.toString())) return JSON.stringify(bytes.toString());
  try {
    return `{${messageText(bytes)}}`;
  } catch {
    return bytes.toString('hex');
  }
}

/** Time zero of Go's time.Time, sent for histograms without a start time. */
const noTime = / 15:\{1=8092b8c398feffffff01\}/g;

function familyTexts(body: string): string[] {
  const bytes = Buffer.from(body, 'base64');
  const input = new Input(bytes);
  const out: string[] = [];
  while (input.pos < input.end) {
    const end = input.inside();
    out.push(messageText(bytes.subarray(input.pos, end)).replace(noTime, ''));
    input.pos = end;
  }
  return out;
}

describe('scrapes are answered as by the Go collector', () => {
  for (const [name, given] of Object.entries(cases)) {
    it(name, async (t) => {
      const found = await scrape(t, given);
      const wanted = expected[name]!;
      assert.equal(found.type, wanted.type);
      const linesOf = (body: Recorded['body']): readonly string[] =>
        typeof body === 'string' ? familyTexts(body) : body.map(sortExemplar);
      const lines = linesOf(found.body);
      const wantedLines = linesOf(wanted.body);
      const ours = lines.filter((line) => !wantedLines.includes(line)).map((line) => `+ ${line}`);
      const theirs = wantedLines.filter((line) => !lines.includes(line));
      assert.deepEqual([...ours, ...theirs.map((line) => `- ${line}`)], []);
      assert.deepEqual(lines, wantedLines);
    });
  }
});
