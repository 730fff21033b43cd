import { PipelineError } from '../../component/errors.ts';
import type { Random } from '../../component/settings.ts';

/** What becomes of one call: undefined = it is taken. */
export type Verdict = 'retryable' | 'permanent' | undefined;

/** Decides about calls, one after the other. */
export type Judge = () => Verdict;

/** How often each verdict comes; the rest is taken. */
export interface Mix {
  readonly retryable: number;
  readonly permanent: number;
}

/** The mixes that every component has to live with. */
export const mixes: Readonly<Record<string, Mix>> = {
  'no errors': { retryable: 0, permanent: 0 },
  'retryable errors': { retryable: 1 / 2, permanent: 0 },
  'permanent errors': { retryable: 0, permanent: 1 / 2 },
  'mixed errors': { retryable: 1 / 3, permanent: 1 / 3 },
};

export function judgeOf(mix: Mix, random: Random): Judge {
  return () => {
    const x = random.float();
    if (x < mix.retryable) return 'retryable';
    return x < mix.retryable + mix.permanent ? 'permanent' : undefined;
  };
}

/** The error for a verdict, with marks by which it is known again. */
export function errorOf(verdict: 'retryable' | 'permanent'): PipelineError {
  if (verdict === 'permanent') return new PipelineError('bad data', { retryable: false });
  return new PipelineError('try later', { retryable: true, retryAfterMs: 3 });
}
