import type { NodeLedger } from '../component/settings.ts';

/** The ledger of an exporter that stands before others: what it delivers has not ended with it. */
export function frontLedger(ledger: NodeLedger): NodeLedger {
  return {
    dropped: (reason, items) => ledger.dropped(reason, items),
    held: (delta) => ledger.held(delta),
    created: (items) => ledger.created(items),
    delivered: () => {},
    left: (items) => ledger.left(items),
    found: (items) => ledger.found(items),
    queue: (read) => ledger.queue?.(read) ?? (() => {}),
    attempted: (failure) => ledger.attempted?.(failure),
  };
}
