import type { ConfigFault } from '../../component/factory.ts';
import type { Gates } from '../../component/settings.ts';
import { lockedOperators } from '../../stanza/gates.ts';
import type { FileLogConfig } from './config.ts';

/** Feature gates of the Go collector's receiver without which keys are refused. */
export const gateIds = {
  deletion: 'filelog.allowFileDeletion',
  header: 'filelog.allowHeaderMetadataParsing',
  mtime: 'filelog.mtimeSortType',
} as const;

/** What a configuration may not say as the gates are. */
export function gateFaults(config: FileLogConfig, gates: Gates): ConfigFault[] {
  const faults = lockedOperators(config.operators, gates);
  const needs = (path: ConfigFault['path'], message: string) => faults.push({ path, message });
  if (config.delete_after_read && !gates.enabled(gateIds.deletion)) {
    const message = `'delete_after_read' requires feature gate '${gateIds.deletion}'`;
    needs(['delete_after_read'], message);
  }
  if (config.header !== undefined && !gates.enabled(gateIds.header)) {
    needs(['header'], `'header' requires feature gate '${gateIds.header}'`);
  }
  config.ordering_criteria.sort_by.forEach(({ sort_type: type }, i) => {
    if (type !== 'mtime' || gates.enabled(gateIds.mtime)) return;
    const message = `the "${gateIds.mtime}" feature gate must be enabled to use "mtime" sort type`;
    needs(['ordering_criteria', 'sort_by', i, 'sort_type'], message);
  });
  return faults;
}
