import type { Signal } from '../../component/signals.ts';
import { checkEnvironment } from '../../ottl/config.ts';
import type { Config } from './config.ts';
import { compileGroup } from './groups.ts';

interface Report {
  addIssue(issue: { code: 'custom'; path: PropertyKey[]; message: string }): void;
}

const keys: readonly (readonly [keyof Config & `${string}_statements`, Signal])[] = [
  ['trace_statements', 'traces'],
  ['metric_statements', 'metrics'],
  ['log_statements', 'logs'],
];

/** What the keys alone cannot say: statements that do not compile. */
export function checkConfig(config: Config, report: Report): void {
  for (const [key, signal] of keys) {
    config[key].forEach((group, i) => {
      try {
        compileGroup(signal, group, config.error_mode, checkEnvironment);
      } catch (error) {
        const { message } = error as Error;
        report.addIssue({ code: 'custom', path: [key, i], message });
      }
    });
  }
  if (config.profile_statements.length > 0) {
    const message = 'cannot transform profiles: profile_statements are not supported';
    report.addIssue({ code: 'custom', path: ['profile_statements'], message });
  }
}
