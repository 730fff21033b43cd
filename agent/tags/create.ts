import { EntityReporter } from '../entities/reporter.ts';
import { type HostFiles, hostFiles } from './files.ts';
import { type HostPaths, hostPaths, readHost } from './host.ts';
import type { Inventory } from './inventory.ts';
import { HostNames, type NamesLimits } from './names.ts';

/** How a receiver wants its names. */
export interface NamingOptions {
  /** Time of the component, Unix milliseconds. */
  readonly unixMs: () => number;
  /** Milliseconds that never go back. */
  readonly monotonicMs: () => number;
  readonly inventory?: Inventory;
  /** Seconds between two reports of an entity; 0 = entities are not reported. */
  readonly entityIntervalSeconds: number;
  readonly paths?: HostPaths;
  readonly files?: HostFiles;
  readonly limits?: Partial<NamesLimits>;
}

/** Names of one machine and, where they are wanted, reports of its entities. */
export interface Naming {
  readonly names: HostNames;
  readonly reporter: EntityReporter | undefined;
}

/** Entities that are known at once. */
const ENTITIES = 65_536;

/** Makes what names the processes of this machine. */
export function createNaming(options: NamingOptions): Naming {
  const files = options.files ?? hostFiles;
  const paths = options.paths ?? hostPaths;
  const host = readHost(files, paths);
  const { entityIntervalSeconds: intervalSeconds } = options;
  const reporter =
    intervalSeconds === 0
      ? undefined
      : new EntityReporter({ host, intervalSeconds, limit: ENTITIES });
  const names = new HostNames({
    files,
    paths,
    host,
    inventory: options.inventory,
    now: () => options.unixMs() * 1e6,
    elapsed: () => options.monotonicMs() * 1e6,
    ...(reporter === undefined ? {} : { reporter }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  return { names, reporter };
}
