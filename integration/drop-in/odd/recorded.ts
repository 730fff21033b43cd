/** What the peer was recorded to say, and whether two verdicts are what a case says. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { names, type Verdict } from '../lib/verdict.ts';
import { type OddCase, oddFolder } from './cases.ts';

export const recordedFile = join(oddFolder, 'recorded.json');

export interface Recorded extends Verdict {
  /** Of the case that was asked about. */
  readonly hash: string;
}

export function readRecorded(): Readonly<Record<string, Recorded>> {
  if (!existsSync(recordedFile)) return {};
  return JSON.parse(readFileSync(recordedFile, 'utf8')) as Record<string, Recorded>;
}

function faultOfOne(who: string, one: OddCase, verdict: Verdict): string {
  const isRefused = one.rejects !== undefined;
  const says = verdict.says.replaceAll('\n', '\n    ');
  if (verdict.accepted && isRefused) return `${who} accepts`;
  if (!verdict.accepted && !isRefused) return `${who} refuses: ${says}`;
  if (!isRefused || names(verdict, one.rejects!)) return '';
  return `${who} refuses without ${JSON.stringify(one.rejects)}: ${says}`;
}

/** What is wrong, '' when nothing is. A case that differs must still differ. */
export function faultOf(one: OddCase, ours: Verdict, theirs: Verdict | undefined): string {
  const mine = faultOfOne('ours', one, ours);
  if (theirs === undefined) return mine;
  const peers = faultOfOne('peer', one, theirs);
  if (one.differs === undefined) return [mine, peers].filter(Boolean).join('\n  ');
  return peers === '' ? [mine, 'the peer does not differ'].filter(Boolean).join('\n  ') : mine;
}
