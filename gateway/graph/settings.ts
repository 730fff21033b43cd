import type { Kind } from '../../component/factory.ts';
import type { Holder, Settings } from '../../component/settings.ts';
import { type NodeRole, noLedger } from '../../pipeline/ledger.ts';
import type { Environment } from './environment.ts';

/**
 * The settings of one instance: the program's, with a logger and a ledger node of its own.
 * @param holder for whom it listens; named by its node
 */
export function settingsFor(
  env: Environment,
  kind: Kind,
  id: string,
  holder: Holder,
  fields: Readonly<Record<string, string>>,
): Settings {
  const { meter, tracer, clock, random, budget, build, gates } = env;
  const { name: node } = holder;
  const host = { ...env.host, listeners: env.host.listeners.of(holder) };
  const named = { 'otelcol.component.id': id, 'otelcol.component.kind': kind, ...fields };
  const logger = env.logger.child(named);
  const ledger = kind === 'extension' ? noLedger : env.ledger.node(node, roleOf(kind));
  const report: Settings['report'] = (status, error) => env.statuses.reported(node, status, error);
  const given = { logger, meter, tracer, clock, random, budget, host, build, gates };
  return { ...given, id, ledger, report };
}

function roleOf(kind: Kind): NodeRole {
  return kind === 'receiver' ? 'source' : 'transit';
}
