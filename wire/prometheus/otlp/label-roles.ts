import type { Symbols } from '../remote-write/symbols.ts';

/** What a label is for, by its name. */
export const Role = {
  attribute: 0,
  name: 1,
  job: 2,
  instance: 3,
  /** `__type__` and `__unit__`: see {@link applyTypeLabels}. */
  metadata: 4,
  scopeName: 5,
  scopeVersion: 6,
  scopeSchemaUrl: 7,
  scopeAttribute: 8,
} as const;

const fixed: readonly (readonly [string, number])[] = [
  ['__name__', Role.name],
  ['job', Role.job],
  ['instance', Role.instance],
  ['__type__', Role.metadata],
  ['__unit__', Role.metadata],
  ['otel_scope_name', Role.scopeName],
  ['otel_scope_version', Role.scopeVersion],
  ['otel_scope_schema_url', Role.scopeSchemaUrl],
];

/** What the labels of a scope's attributes begin with. */
export const scopePrefix: Buffer = Buffer.from('otel_scope_');

/** Roles of all symbols of a request as names of labels. */
export class LabelRoles {
  /** Symbol -> {@link Role}. */
  readonly of: Uint8Array;
  /** Whether any label tells of a scope. */
  scopes = false;
  /** Symbols of labels, -1 = none. */
  readonly job: number;
  readonly le: number;
  readonly quantile: number;
  /** Symbol of `target_info`, -1 = none. */
  readonly targetInfo: number;

  constructor(symbols: Symbols) {
    this.of = new Uint8Array(symbols.count);
    for (let symbol = 1; symbol < symbols.count; symbol += 1) {
      if (!symbols.startsWith(symbol, scopePrefix)) continue;
      this.scopes = true;
      if (symbols.lengthOf(symbol) > scopePrefix.length) this.of[symbol] = Role.scopeAttribute;
    }
    for (const [name, role] of fixed) {
      const symbol = symbols.find(name);
      if (symbol >= 0) this.of[symbol] = role;
    }
    this.job = symbols.find('job');
    this.le = symbols.find('le');
    this.quantile = symbols.find('quantile');
    this.targetInfo = symbols.find('target_info');
  }
}
