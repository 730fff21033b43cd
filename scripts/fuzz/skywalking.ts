import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toJson } from '../../pdata/json.ts';
import { parseRequest } from '../../pdata/parse.ts';
import { SkywalkingFault } from '../../wire/skywalking/fault.ts';
import { Instances } from '../../wire/skywalking/instances.ts';
import { readJson } from '../../wire/skywalking/json.ts';
import { logTranslator } from '../../wire/skywalking/log.ts';
import { jvmTranslator } from '../../wire/skywalking/runtimes.ts';
import { SegmentTranslator } from '../../wire/skywalking/segment.ts';
import type { Translator } from '../../wire/skywalking/translator.ts';
import type { Target } from './targets.ts';

const folder = join(import.meta.dirname, '../../wire/skywalking/testdata');

/** Messages of a recording whose path contains `what`. */
function recorded(name: string, what: string): Buffer[] {
  return readFileSync(join(folder, `${name}.jsonl`), 'utf8')
    .split('\n')
    .filter((line) => line.includes(what) && line.includes('"data"'))
    .map((line) => Buffer.from((JSON.parse(line) as { data: string }).data, 'base64'));
}

const refusal = (error: unknown): boolean => error instanceof SkywalkingFault;

function translation(name: string, translator: Translator, seeds: () => Buffer[]): Target {
  const run = (input: Buffer): void => {
    const carry = { service: '', instance: '', ms: 0 };
    try {
      translator.add(input, 0, input.length, carry, 0);
    } finally {
      const batch = translator.finish();
      toJson(parseRequest(batch.signal, Buffer.concat(batch.ranges())));
    }
  };
  return { name: `SkyWalking ${name}`, seeds, run, refusal };
}

const instances = new Instances();

/** Readers of SkyWalking's protocol. */
export const skywalking: readonly Target[] = [
  translation('segment', new SegmentTranslator(instances), () =>
    ['node-agent', 'python-agent'].flatMap((name) => recorded(name, 'TraceSegment')),
  ),
  translation('log', logTranslator(instances), () => recorded('python-agent', 'LogReport')),
  translation('JVM metrics', jvmTranslator(instances), () => recorded('java-agent', 'JVMMetric')),
  {
    name: 'SkyWalking JSON',
    seeds: () =>
      readFileSync(join(folder, 'browser-client.jsonl'), 'utf8')
        .split('\n')
        .filter((line) => line.includes('segments'))
        .map((line) => Buffer.from((JSON.parse(line) as { body: string }).body)),
    run: (input) => readJson('Segment', input, true),
    refusal,
  },
];
