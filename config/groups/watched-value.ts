import { readFile } from 'node:fs/promises';
import type { Settings } from '../../component/settings.ts';
import { watchFile } from './watch-file.ts';

/** A short text, such as a password, from a file that may change. */
export interface WatchedValue {
  /** The text as it was last read, without white space around it. */
  readonly value: string;
  close(): void;
}

async function read(path: string): Promise<string> {
  const text = (await readFile(path, 'utf8')).trim();
  if (text === '') throw new Error(`credentials file ${JSON.stringify(path)} is empty`);
  return text;
}

/**
 * Reads a file and follows its changes; one that cannot be read leaves the last value.
 * @param changed called after each change
 * @throws Error when it cannot be read, or is empty, at first
 */
export async function watchValue(
  path: string,
  { clock, logger }: Pick<Settings, 'clock' | 'logger'>,
  changed: (value: string) => void = () => undefined,
): Promise<WatchedValue> {
  let value: string;
  try {
    value = await read(path);
  } catch (error) {
    const text = (error as Error).message;
    throw new Error(`cannot read credentials file ${JSON.stringify(path)}: ${text}`);
  }
  let closed = false;
  const stop = watchFile(path, clock, () => {
    read(path).then(
      (text) => {
        if (closed || text === value) return;
        value = text;
        changed(text);
      },
      (error: Error) => {
        if (closed) return;
        const fields = { file: path, error: error.message };
        logger.warn('failed to reload credentials file, keeping last value', fields);
      },
    );
  });
  return {
    get value() {
      return value;
    },
    close() {
      closed = true;
      stop();
    },
  };
}
