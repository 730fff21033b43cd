import { type ReadyConfig, readConfig } from '../load.ts';
import { type Running, startProgram } from '../run.ts';
import { errorText } from '../telemetry/error-text.ts';
import { addressLines } from './addresses.ts';
import type { Sources } from './sources.ts';
import { processStopSignal } from './stop-signals.ts';

const lastWordsMs = 10_000;
const hourMs = 3_600_000;

/**
 * Runs the program until a signal or a fault ends it; components' timers do not keep the process
 * alive, so a timer here does. SIGINT and SIGTERM stop it in order, the second one at once.
 * @returns exit code
 */
export async function runGateway(
  { uris, gates }: Sources,
  options: { readonly addresses: boolean },
): Promise<number> {
  const read = (): Promise<ReadyConfig> => readConfig(uris, process.env, { gates });
  const ready = await read();
  const alive = setInterval(() => undefined, hourMs);
  try {
    return await runUntilStopped(ready, read, options.addresses);
  } finally {
    clearInterval(alive);
  }
}

async function runUntilStopped(
  ready: ReadyConfig,
  read: () => Promise<ReadyConfig>,
  addresses: boolean,
): Promise<number> {
  const stop = processStopSignal();
  for (const stream of [process.stdout, process.stderr]) stream.on('error', unlessHungUp);
  let running: Running | undefined;
  let askedEarly = false;
  process.on('SIGHUP', () => {
    if (running === undefined) askedEarly = true;
    else void running.reload('SIGHUP');
  });
  const program = await startProgram(ready, read);
  const crashed = catchUncaught(program);
  running = program;
  if (askedEarly) void program.reload('SIGHUP');
  if (addresses) process.stdout.write(addressLines(ready.config, program.extensions));
  const reason = await Promise.race([
    stop.then((signal) => ({ signal })),
    program.failed.then((error) => ({ error })),
    crashed.then((error) => ({ error })),
  ]);
  if ('error' in reason) {
    const { logger } = program.telemetry;
    logger.error('Asynchronous error received, terminating process', { error: reason.error });
    const late = setTimeout(() => process.exit(1), lastWordsMs);
    await program.shutdown('error');
    clearTimeout(late);
    return 1;
  }
  program.telemetry.logger.info('Received signal from OS', { signal: reason.signal });
  await program.shutdown(reason.signal);
  return 0;
}

/** A terminal that was closed takes no more; that is no reason to stop. */
function unlessHungUp(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EIO') throw error;
}

/** The first error that nobody caught: it is logged, and the program stops in order. */
function catchUncaught(program: Running): Promise<Error> {
  const { promise, resolve } = Promise.withResolvers<Error>();
  const { logger } = program.telemetry;
  process.on('uncaughtException', (error, origin) => {
    const stack = error instanceof Error ? error.stack : errorText(error);
    logger.error('BUG: uncaught error', { origin, stack });
    resolve(error);
  });
  return promise;
}
