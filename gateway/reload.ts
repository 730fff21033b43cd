import type { Reload, ReloadResult } from '../component/settings.ts';
import { ConfigError, formatIssue } from '../config/schema/issue.ts';
import type { Changes } from './graph/graph.ts';
import type { ReadyConfig } from './load.ts';
import { errorText } from './telemetry/error-text.ts';
import type { RootLogger } from './telemetry/logger.ts';

/** What a reload works with. */
export interface ReloadParts {
  /** Reads and checks the configuration anew. */
  readonly read: () => Promise<ReadyConfig>;
  readonly change: (ready: ReadyConfig) => Promise<Changes>;
  readonly logger: RootLogger;
  readonly nowMs: () => number;
}

/**
 * Reads the configuration again and takes it, one reload after the other. A configuration with a
 * fault, or one that cannot start, changes nothing.
 */
export function createReload(parts: ReloadParts): Reload {
  const { read, change, logger, nowMs } = parts;
  let last: Promise<unknown> = Promise.resolve();

  async function once(reason: string): Promise<ReloadResult> {
    const started = nowMs();
    try {
      const next = await read();
      for (const warning of next.warnings) logger.warn(formatIssue(warning));
      const changes = await change(next);
      const ms = Math.round(nowMs() - started);
      logger.info('Config updated', { reason, ms, ...changes });
      return { changed: true, ...changes };
    } catch (error) {
      const faults =
        error instanceof ConfigError ? error.issues.map(formatIssue) : [errorText(error)];
      logger.error('Config not updated: nothing was changed', { reason, faults });
      return { changed: false, faults };
    }
  }

  return (reason) => {
    const result = last.then(() => once(reason));
    last = result;
    return result;
  };
}
