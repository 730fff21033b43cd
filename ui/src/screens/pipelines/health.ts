/** How the parts of a pipeline are doing, in words. */
import type {
  EdgeState,
  NodeState,
  PipelinesState,
} from '../../../../query/web/contract/pipelines.ts';
import { droppedKey, type Readings, rateOf } from './rates.ts';

export type Health = 'ok' | 'warn' | 'bad' | 'idle';

/** One thing worth saying of a node. */
export interface Finding {
  readonly health: 'warn' | 'bad';
  /** A few words for the card. */
  readonly short: string;
  /** All there is to say. */
  readonly text: string;
}

/** Reasons under which items are left out because somebody wants that. */
const wanted: Readonly<Record<string, string>> = {
  aggregated: 'went into others when points were put together',
  filtered: 'left out by a condition of the configuration',
  metrics_transform: 'left out by an operation of the configuration',
  no_route: 'no route of the configuration fits them',
  not_sampled: 'not chosen by sampling',
};

/** Reasons under which data is lost. */
const losses: Readonly<Record<string, string>> = {
  hand_over: 'could not be handed over to the exporter of a new configuration',
  memory: 'over the limit of memory',
  memory_budget: 'no room in the memory budget',
  no_id: 'their ids cannot be written in this format',
  no_path_segment: 'lack the attribute that names their file',
  no_service_name: 'have no service name to be shared out by',
  not_translatable: 'cannot be written in this format',
  num_traces: 'more traces at once than there is room for',
  profiling_not_supported: 'the format knows no profiles',
  refused: 'the next component refused them',
  refused_by_next: 'the next component refused them',
  rejected: 'the destination rejected them for good',
  retries_exhausted: 'every retry failed until the time for retries was over',
  send_failed: 'sending failed and is not retried',
  shutdown: 'still there when the program was stopped',
  write_failed: 'could not be written',
};

/** What a reason of the ledger means. */
export function reasonText(reason: string): string {
  return wanted[reason] ?? losses[reason] ?? reason.replaceAll('_', ' ');
}

/** Whether items that are dropped for this reason are lost against the operator's will. */
export function isLoss(reason: string): boolean {
  return wanted[reason] === undefined;
}

/** Part of a queue from which it is worth a word. */
const nearlyFull = 0.8;

/** What is wrong with a node, worst first. */
export function findings(node: NodeState, readings: Readings): readonly Finding[] {
  const found: Finding[] = [];
  const add = (health: Finding['health'], short: string, text: string) =>
    found.push({ health, short, text });
  if (node.failing !== null) {
    const { error, attempts } = node.failing;
    const times = attempts === 1 ? 'the last attempt' : `the last ${attempts} attempts`;
    add('bad', error, `${times} to deliver failed: ${error}`);
  }
  if (node.statusError !== '' || /Error$/.test(node.status)) {
    const recovering = node.status === 'RecoverableError';
    const text = node.statusError === '' ? node.status : node.statusError;
    add(recovering ? 'warn' : 'bad', text, `${words(node.status)}: ${text}`);
  }
  for (const { reason, items } of node.dropped.filter((one) => isLoss(one.reason))) {
    const now = (rateOf(readings, droppedKey(node.name, reason)) ?? 0) > 0;
    const text = `${items} dropped: ${reasonText(reason)}`;
    add(now ? 'bad' : 'warn', `${items} dropped (${reason})`, text);
  }
  if (node.queue !== null && node.queue.capacity > 0) {
    const part = node.queue.size / node.queue.capacity;
    if (part >= nearlyFull) {
      const full = `queue ${Math.floor(part * 100)} % full`;
      add(part >= 1 ? 'bad' : 'warn', full, `${full}: when it is, data is refused`);
    }
  }
  return found.toSorted((a, b) => Number(a.health === 'warn') - Number(b.health === 'warn'));
}

/** `RecoverableError` as `recoverable error`. */
export function words(status: string): string {
  return status.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
}

export function healthOf(node: NodeState | undefined, readings: Readings): Health {
  if (node === undefined) return 'idle';
  const [worst] = findings(node, readings);
  if (worst !== undefined) return worst.health;
  return node.status === 'OK' ? 'ok' : 'idle';
}

/** Items that a node dropped against the operator's will since the start. */
export function lostItems(node: NodeState): number {
  const lost = node.dropped.filter(({ reason }) => isLoss(reason));
  return lost.reduce((sum, { items }) => sum + items, 0);
}

/** Items that an edge refused since the start. */
export function refusedItems(edge: EdgeState | undefined): number {
  return edge?.refused.reduce((sum, { items }) => sum + items, 0) ?? 0;
}

/** Nodes that are in a bad way now, with what is wrong. */
export function alerts(
  state: PipelinesState,
  readings: Readings,
): readonly { readonly node: NodeState; readonly finding: Finding }[] {
  return state.nodes.flatMap((node) => {
    const [finding] = findings(node, readings).filter(({ health }) => health === 'bad');
    return finding === undefined ? [] : [{ node, finding }];
  });
}
