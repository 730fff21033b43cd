import { type ConfPath, formatPosition, type Position } from './node.ts';

/** One fault of a configuration. */
export interface ConfigIssue {
  readonly at: Position | undefined;
  readonly path: ConfPath;
  /** What is wrong, with the offending input quoted (secrets masked). */
  readonly message: string;
}

/** `file:line:column: a::b: message`. */
export function formatIssue(issue: ConfigIssue): string {
  const at = issue.at === undefined ? '' : `${formatPosition(issue.at)}: `;
  const path = issue.path.length === 0 ? '' : `${issue.path.join('::')}: `;
  return at + path + issue.message;
}

/** A configuration that cannot be used; carries every fault found, not only the first. */
export class ConfigError extends Error {
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    super(issues.map(formatIssue).join('\n'));
    this.name = 'ConfigError';
    this.issues = issues;
  }
}
