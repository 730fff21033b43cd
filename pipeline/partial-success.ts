import type { Logger } from '../component/settings.ts';
import type { PartialSuccess } from '../wire/status/partial-success.ts';
import type { Progress } from './backend.ts';

/**
 * Tells what an OTLP server did not take of a batch that it answered with success.
 * @param items of the batch: no server can leave out more
 */
export function tellPartialSuccess(
  { message, rejected }: PartialSuccess,
  items: number,
  progress: Progress | undefined,
  logger: Logger,
): void {
  logger.warn('Partial success response', { message, dropped_items: rejected });
  if (progress === undefined) return;
  progress.leftOut = Math.min(rejected, items);
  progress.leftOutAs = 'partial_success';
}
