import type { Kind } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Environment } from './environment.ts';

/** The settings of one instance: the program's, with a logger and a ledger node of its own. */
export function settingsFor(
  env: Environment,
  kind: Kind,
  id: string,
  node: string,
  fields: Readonly<Record<string, string>>,
): Settings {
  const { meter, clock, random, budget, host, build } = env;
  const named = { 'otelcol.component.id': id, 'otelcol.component.kind': kind, ...fields };
  const logger = env.logger.child(named);
  const ledger = env.ledger.node(node, kind === 'receiver' ? 'source' : 'transit');
  return { id, logger, meter, clock, random, budget, host, build, ledger };
}
