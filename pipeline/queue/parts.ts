import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Outcome } from '../chain/outcome.ts';
import type { Pauses } from '../chain/retry.ts';
import type { QueueConfig } from '../config.ts';
import type { DiskQueue } from './disk.ts';
import type { Sealer } from './sealer.ts';

/** What a sending queue is made of. */
export interface QueueParts<S extends Signal> {
  readonly signal: S;
  readonly settings: Settings;
  readonly config: QueueConfig;
  readonly outcome: Outcome<S>;
  readonly pauses: Pauses;
  /** Present: every request is on disk before it is accepted. */
  readonly disk: DiskQueue<S> | undefined;
  /** Present: deliveries are sealed, and requests are not split over several. */
  readonly sealer: Sealer<S> | undefined;
}
