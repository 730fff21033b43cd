import type { Value } from '../../pdata/objects/model.ts';

/** Attributes that a summary is written to. */
export interface SummaryTarget {
  get(key: string): Value | undefined;
  set(key: string, value: string | bigint): unknown;
}

/** Keys by what was done with them. */
export class Done {
  readonly redacted: string[] = [];
  readonly masked: string[] = [];
  readonly allowed: string[] = [];
  readonly ignored: string[] = [];

  clear(): void {
    this.redacted.length = 0;
    this.masked.length = 0;
    this.allowed.length = 0;
    this.ignored.length = 0;
  }
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function write(to: SummaryTarget, keys: string[], keysName: string, countName: string): void {
  if (keys.length === 0) return;
  if (keysName !== '') {
    const before = to.get(keysName);
    const known = typeof before === 'string' && before !== '' ? before.split(',') : [];
    to.set(keysName, [...keys, ...known].sort(byBytes).join(','));
  }
  const count = to.get(countName);
  to.set(countName, BigInt(keys.length) + (typeof count === 'bigint' ? count : 0n));
}

/**
 * Writes what was done to attributes `redaction.*`, as `summary` asks for.
 * @param part '' or 'body.', in the names of the attributes
 */
export function writeSummary(
  mode: string,
  to: SummaryTarget,
  done: Done,
  part: '' | 'body.',
): void {
  if (mode !== 'debug' && mode !== 'info') return;
  const one = (keys: string[], name: string) => {
    const start = `redaction.${part}${name}`;
    write(
      to,
      keys,
      mode === 'debug' && name !== 'ignored' ? `${start}.keys` : '',
      `${start}.count`,
    );
  };
  one(done.redacted, 'redacted');
  one(done.masked, 'masked');
  one(done.allowed, 'allowed');
  one(done.ignored, 'ignored');
}
