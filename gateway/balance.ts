import type { Logger } from '../component/settings.ts';
import type { Ledger } from '../pipeline/ledger.ts';

/** Says whether all that came in went somewhere that is counted; nothing is under way any more. */
export function logBalance(ledger: Ledger, logger: Logger): void {
  const open = ledger.check();
  if (open.length === 0) {
    logger.info('Every item is accounted for.', { nodes: ledger.snapshot().nodes.length });
  } else {
    logger.error('BUG: items are not accounted for', { nodes: open });
  }
}
