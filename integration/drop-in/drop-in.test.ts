// What the Go collector was recorded to say and to do is what this program says and does.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, suite } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { readConfig } from '../../gateway/load.ts';
import { errorText } from '../../gateway/telemetry/error-text.ts';
import { casesIn, readRecorded } from './lib/corpus.ts';
import { startInside } from './lib/run.ts';
import { play, scenariosIn } from './lib/scenario.ts';
import { names, type Verdict } from './lib/verdict.ts';

const folder = mkdtempSync(join(tmpdir(), 'wirestitch-drop-in-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function verdict(text: string, env: Readonly<Record<string, string>>): Promise<Verdict> {
  const file = join(folder, 'case.yaml');
  writeFileSync(file, text);
  try {
    await readConfig([file], { ...process.env, ...env }, { checkOnly: true });
    return { accepted: true, says: '' };
  } catch (error) {
    return { accepted: false, says: errorText(error) };
  }
}

suite('verdicts', () => {
  const recorded = readRecorded();
  for (const one of casesIn([])) {
    test(one.name, async (t) => {
      const theirs = recorded[one.name];
      if (theirs === undefined) t.diagnostic('no peer was asked');
      else {
        assert.equal(theirs.hash, one.hash, 'recorded for another text: record it again');
        assert.equal(theirs.accepted, one.accepts, `the peer: ${theirs.says}`);
      }
      const ours = await verdict(one.text, one.env);
      assert.equal(ours.accepted, one.accepts, ours.says);
      if (one.accepts) return;
      assert.ok(names(ours, one.names), `${ours.says}\ndoes not name ${one.names}`);
      if (theirs !== undefined) {
        assert.ok(names(theirs, one.names), `${theirs.says}\ndoes not name ${one.names}`);
      }
    });
  }
});

suite('behaviour', { concurrency: 4 }, () => {
  for (const scenario of scenariosIn([])) {
    test(scenario.name, async (t) => {
      const file = join(scenario.folder, 'expected.json');
      assert.ok(existsSync(file), 'nothing was recorded');
      const expected: unknown = JSON.parse(readFileSync(file, 'utf8'));
      const first = await play(scenario, startInside);
      if (isDeepStrictEqual(first, expected)) return;
      // Nothing says that no more comes: on a busy machine the usual pause may be too short.
      t.diagnostic('once more, with a long pause');
      const patient = { ...scenario, settleMs: 10 * scenario.settleMs };
      assert.deepEqual(await play(patient, startInside), expected);
    });
  }
});
