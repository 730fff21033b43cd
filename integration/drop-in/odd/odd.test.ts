// Odd configurations are accepted or refused as the Go collector was recorded to.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { askInside } from './ask.ts';
import { oddCases } from './cases.ts';
import { faultOf, readRecorded } from './recorded.ts';

const folder = mkdtempSync(join(tmpdir(), 'wirestitch-odd-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const recorded = readRecorded();

for (const one of oddCases()) {
  test(one.name, async () => {
    const theirs = recorded[one.name];
    assert.equal(theirs?.hash, one.hash, 'recorded for another text, or not at all');
    const fault = faultOf(one, await askInside(one, folder), theirs);
    assert.equal(fault, '');
  });
}
