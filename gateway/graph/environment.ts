import type {
  BuildInfo,
  Clock,
  Gates,
  Host,
  MemoryBudget,
  Meter,
  Random,
  Tracer,
} from '../../component/settings.ts';
import type { Ledger } from '../../pipeline/ledger.ts';
import type { ProgramListeners } from '../../pipeline/listeners.ts';
import type { RootLogger } from '../telemetry/logger.ts';
import type { StatusBoard } from './statuses.ts';

/** What the program gives to every component. */
export interface Environment {
  readonly logger: RootLogger;
  readonly meter: Meter;
  readonly tracer: Tracer;
  readonly clock: Clock;
  readonly random: Random;
  readonly budget: MemoryBudget;
  readonly ledger: Ledger;
  readonly host: Host & { readonly listeners: ProgramListeners };
  readonly build: BuildInfo;
  readonly gates: Gates;
  readonly statuses: StatusBoard;
}
