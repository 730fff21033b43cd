import { useCallback, useEffect, useRef, useState } from 'react';
import type {
  ConfigCheckAnswer,
  ConfigCheckRequest,
} from '../../../../../query/web/contract/pipelines.ts';
import { ApiError, post } from '../../../api/client.ts';

/** How long nothing is typed before the text is checked. */
const quietMs = 600;
/** Somebody else's check is in the way: how long to wait, and how often. */
const busyMs = 700;
const mostTries = 8;

export interface Check {
  readonly answer: ConfigCheckAnswer | undefined;
  /** The text that `answer` is about. */
  readonly checked: string;
  readonly error: unknown;
  readonly running: boolean;
  /** Checks at once. */
  readonly check: () => void;
}

/**
 * Checks a text when asked, and when it has not changed for a moment.
 * @param auto whether to check without being asked
 */
export function useCheck(text: string, auto: boolean): Check {
  const [answer, setAnswer] = useState<ConfigCheckAnswer>();
  const [checked, setChecked] = useState('');
  const [error, setError] = useState<unknown>();
  const [running, setRunning] = useState(false);
  const wanted = useRef<string | undefined>(undefined);
  const busy = useRef(false);
  const gone = useRef(false);
  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
    };
  }, []);

  // One after the other: of the texts that came meanwhile, the newest.
  const run = useCallback(async (next: string) => {
    wanted.current = next;
    if (busy.current) return;
    busy.current = true;
    setRunning(true);
    while (wanted.current !== undefined && !gone.current) {
      const now: string = wanted.current;
      wanted.current = undefined;
      try {
        const found = await ask(now);
        setAnswer(found);
        setChecked(now);
        setError(undefined);
      } catch (thrown) {
        setError(thrown);
      }
    }
    busy.current = false;
    setRunning(false);
  }, []);

  useEffect(() => {
    if (!auto || text.trim() === '') return;
    const timer = window.setTimeout(() => void run(text), quietMs);
    return () => window.clearTimeout(timer);
  }, [text, auto, run]);
  return { answer, checked, error, running, check: () => void run(text) };
}

async function ask(text: string): Promise<ConfigCheckAnswer> {
  const body: ConfigCheckRequest = { text };
  for (let tries = 1; ; tries++) {
    try {
      return await post<ConfigCheckAnswer>('/api/v1/config/check', body);
    } catch (error) {
      const isBusy = error instanceof ApiError && error.reason === 'unavailable';
      if (!isBusy || tries >= mostTries) throw error;
      await new Promise((resolve) => window.setTimeout(resolve, busyMs));
    }
  }
}
