import type { EngineProcess } from '../../storage/engine/start.ts';
import { processStopSignal } from './stop-signals.ts';

interface ClickHouseCommand {
  /** Folder of the engine's data. */
  readonly path: string;
  /** host:port; port 0 = any. */
  readonly listen: string;
  /** Bound of the engine's memory in MiB. */
  readonly memoryMib?: number;
}

/**
 * `wirestitch clickhouse`: the embedded engine alone, until SIGINT or SIGTERM. Prints its address
 * and, when WIRESTITCH_ENGINE_PASSWORD is not set, the generated password.
 * @returns exit code
 */
export async function runClickHouse(command: ClickHouseCommand): Promise<number> {
  const { EngineProcess } = await import('../../storage/engine/start.ts');
  const engine = new EngineProcess({
    path: command.path,
    listen: command.listen,
    ...(command.memoryMib === undefined ? {} : { memoryBytes: command.memoryMib * (1 << 20) }),
    log: (level, message) => {
      if (level !== 'debug') process.stderr.write(`${level}: ${message}\n`);
    },
  });
  const stopped = processStopSignal();
  try {
    await engine.start();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
  process.stdout.write(describe(engine));
  const alive = setInterval(() => undefined, 3_600_000);
  await stopped;
  clearInterval(alive);
  await engine.stop();
  return 0;
}

function describe(engine: EngineProcess): string {
  const lines = [`ClickHouse ${engine.version} is ready at ${engine.url}, user ${engine.username}`];
  if (engine.passwordGenerated) lines.push(`password ${engine.password} (new at each start)`);
  if (engine.socketPath !== undefined) lines.push(`unix socket ${engine.socketPath}`);
  return `${lines.join('\n')}\n`;
}
