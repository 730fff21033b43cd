import type {
  BuildInfo,
  Clock,
  Host,
  MemoryBudget,
  Meter,
  NodeLedger,
  Random,
} from '../../component/settings.ts';
import type { RootLogger } from '../telemetry/logger.ts';
import type { CountItems } from './edge.ts';

/** What the program gives to every component. */
export interface Environment {
  readonly logger: RootLogger;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly random: Random;
  readonly budget: MemoryBudget;
  readonly ledger: LedgerBook;
  readonly host: Host;
  readonly build: BuildInfo;
}

/** Where the graph counts what crosses its edges and components say what they did not pass on. */
export interface LedgerBook {
  /** @param id unique name of the node, e.g. `exporter/debug@traces` */
  node(id: string): NodeLedger;
  edge(from: string, to: string): CountItems;
}
