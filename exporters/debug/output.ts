import type { Logger } from '../../component/settings.ts';
import type { Config } from './config.ts';

/** Where the exporter writes. */
export interface Output {
  /** A line for a batch with its counts. */
  entry(title: string, counts: Readonly<Record<string, number>>): void;
  /** The text of the batch. */
  text(text: string): void;
  close(): Promise<void>;
}

/** @throws Error when a file cannot be opened */
export async function openOutput(config: Config, logger: Logger): Promise<Output> {
  if (config.use_internal_logger) {
    return {
      entry: (title, counts) => logger.info(title, counts),
      text: (text) => logger.info(text),
      close: async () => {},
    };
  }
  const { open } = await import('node:fs/promises');
  const paths = config.output_paths ?? ['stdout'];
  const files = await Promise.all(
    paths.filter((path) => path !== 'stdout' && path !== 'stderr').map((path) => open(path, 'a')),
  );
  const streams = files.map((file) => file.createWriteStream());
  const write = (text: string) => {
    for (const path of paths) {
      if (path === 'stdout') process.stdout.write(text);
      if (path === 'stderr') process.stderr.write(text);
    }
    for (const stream of streams) stream.write(text);
  };
  return {
    entry: (title, counts) => write(`${title}\t${JSON.stringify(counts)}\n`),
    text: (text) => write(text.endsWith('\n') ? text : `${text}\n`),
    close: async () => {
      const ends = streams.map((s) => new Promise<void>((resolve) => s.end(() => resolve())));
      await Promise.all(ends);
    },
  };
}
