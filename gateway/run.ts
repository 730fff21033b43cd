import { availableParallelism, totalmem } from 'node:os';
import type { Extension } from '../component/extension.ts';
import type { Reload } from '../component/settings.ts';
import { formatIssue } from '../config/schema/issue.ts';
import { type BudgetWatch, budgetBytes, createBudget } from '../pipeline/budget.ts';
import { Ledger } from '../pipeline/ledger.ts';
import { logBalance } from './balance.ts';
import { configJson } from './cli/print-config.ts';
import {
  bytesOutside,
  collectEvery,
  collections,
  createCollector,
  createIdleShrink,
} from './collector.ts';
import { viewGates } from './config/gates.ts';
import { createService, type Service } from './graph/service.ts';
import type { ReadyConfig } from './load.ts';
import { createReload } from './reload.ts';
import { systemClock, systemRandom } from './telemetry/clock.ts';
import { createTelemetry, type Telemetry } from './telemetry/index.ts';
import { type Push, startPush } from './telemetry/push/index.ts';
import { readBuildInfo } from './version.ts';

/** A running program. */
export interface Running {
  /** Resolves with the fault when a component reports that it cannot go on. */
  readonly failed: Promise<Error>;
  readonly telemetry: Telemetry;
  /** Started extensions by id. */
  readonly extensions: ReadonlyMap<string, Extension>;
  /** Reads the configuration again and makes it run. */
  readonly reload: Reload;
  /** Stops everything in order. @throws AggregateError of the faults */
  shutdown(reason: string): Promise<void>;
}

interface Collector extends BudgetWatch {
  stop(): void;
}

function collectorFor(budgetLimit: number): Collector {
  const run = collections();
  const collect = createCollector(collectEvery(budgetLimit), bytesOutside, run, setImmediate);
  let timer: NodeJS.Timeout | undefined;
  const busy = createIdleShrink(run.shrink, (ms, look) => {
    timer = setInterval(look, ms).unref();
  });
  return {
    freed(bytes, reserved) {
      busy();
      collect.freed(bytes, reserved);
    },
    wanted: collect.wanted,
    stop: () => clearInterval(timer),
  };
}

/**
 * Starts what a configuration describes.
 * @param read reads the configuration again, for a reload
 * @throws Error when something cannot start
 */
export async function startProgram(
  ready: ReadyConfig,
  read: () => Promise<ReadyConfig> = async () => ready,
): Promise<Running> {
  const { config, warnings } = ready;
  const build = readBuildInfo();
  const clock = systemClock;
  const telemetry = await createTelemetry(config.telemetry, build, clock);
  const { logger, meter } = telemetry;
  for (const note of ready.notes) logger.info(formatIssue(note));
  for (const warning of warnings) logger.warn(formatIssue(warning));
  logger.info(`Starting ${build.command}...`, {
    Version: build.version,
    NumCPU: availableParallelism(),
  });
  const { promise: failed, resolve: fatal } = Promise.withResolvers<Error>();
  let service: Service | undefined;
  let push: Push | undefined;
  let current = ready;
  const limit = budgetBytes(process.env, totalmem(), process.constrainedMemory());
  const collector = collectorFor(limit);
  const reload = createReload({
    read,
    async change(next) {
      const before = current;
      await telemetry.change(next.config.telemetry);
      current = next;
      try {
        const changes = await service!.change(next.config);
        await push?.change(next.config.telemetry);
        return changes;
      } catch (error) {
        current = before;
        await telemetry.change(before.config.telemetry);
        throw error;
      }
    },
    logger,
    nowMs: () => clock.monotonicMs(),
  });
  const ledger = new Ledger(meter);
  try {
    await telemetry.start();
    const budget = createBudget(limit, collector);
    const { tracer } = telemetry;
    const random = systemRandom;
    const { gates } = ready;
    const environment = { logger, meter, tracer, clock, random, budget, ledger, build, gates };
    service = createService(config, environment, {
      fatal,
      reload,
      configFiles: () => current.files,
      gates: () => viewGates(current.gates),
      watchSpans: (ended) => telemetry.recorder?.watch(ended),
      runningSpans: () => telemetry.recorder?.running() ?? [],
      config: () => configJson(current.root, current.gates),
      sources: { recent: telemetry.recent, source: () => current },
    });
    await service.start();
    push = await startPush(config.telemetry, telemetry, { ...environment, host: service.host });
  } catch (error) {
    collector.stop();
    await service?.shutdown().catch(() => {});
    await telemetry.shutdown();
    throw error;
  }
  logger.info('Everything is ready. Begin running and processing data.');
  return {
    failed,
    telemetry,
    extensions: service.extensions,
    reload,
    async shutdown(reason) {
      logger.info('Starting shutdown...', { reason });
      try {
        await service.shutdown();
        logBalance(ledger, logger);
        logger.info('Shutdown complete.');
        await push.shutdown();
      } finally {
        collector.stop();
        await telemetry.shutdown();
      }
    },
  };
}
