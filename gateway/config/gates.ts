import type { GateView } from '../../component/view.ts';
import { didYouMean } from '../../config/schema/suggest.ts';
import { gateReferences } from './gate-references.ts';
import { type Gate, gateTable } from './gate-table.ts';

/** The feature gates of one run: each as its stage says unless `--feature-gates` set it. */
export class FeatureGates {
  readonly #set = new Map<string, boolean>();

  /**
   * Takes one value of `--feature-gates`: ids with commas between them, `-id` = off.
   * @returns lines for the user on gates that need not be set any more
   * @throws Error that names every id that is unknown or cannot be set so
   */
  apply(list: string): string[] {
    const faults: string[] = [];
    const lines: string[] = [];
    for (const item of list === '' ? [] : list.split(',')) {
      const id = item.replace(/^[-+]/, '');
      const on = !item.startsWith('-');
      const gate = gateTable.find((known) => known.id === id);
      const fault = gate === undefined ? unknownGate(id) : cannotSet(gate, on);
      if (fault !== undefined) faults.push(fault);
      else if (gate!.stage === 'stable' || gate!.stage === 'deprecated') lines.push(ended(gate!));
      else this.#set.set(id, on);
    }
    if (faults.length > 0) throw new Error(faults.join('; '));
    return lines;
  }

  /** What was set, as `apply` takes it. */
  list(): string {
    return Array.from(this.#set, ([id, on]) => (on ? id : `-${id}`)).join(',');
  }

  /** @throws Error for an id that is not in the table: a programming error */
  enabled(id: string): boolean {
    const gate = gateTable.find((known) => known.id === id);
    if (gate === undefined) throw new Error(`BUG: no feature gate ${JSON.stringify(id)}`);
    return this.#set.get(id) ?? isOn(gate);
  }
}

function isOn(gate: Gate): boolean {
  return gate.stage === 'beta' || gate.stage === 'stable';
}

function unknownGate(id: string): string {
  const ids = gateTable.map((gate) => gate.id);
  const hint = didYouMean(id, ids);
  return `no such feature gate ${JSON.stringify(id)}${hint}. valid gates: [${ids.join(' ')}]`;
}

function cannotSet(gate: Gate, on: boolean): string | undefined {
  const name = `feature gate ${JSON.stringify(gate.id)}`;
  if (gate.stage === 'stable' && !on) return `${name} is stable, can not be disabled`;
  if (gate.stage === 'deprecated' && on) return `${name} is deprecated, can not be enabled`;
  if (gate.effect !== 'fixed' || on === isOn(gate)) return undefined;
  return `${name} can not be ${on ? 'enabled' : 'disabled'}: this program has not built that`;
}

function ended(gate: Gate): string {
  const state = gate.stage === 'stable' ? 'stable and already enabled' : 'deprecated and disabled';
  const when = `It will be removed in version ${gate.to}`;
  return `Feature gate ${JSON.stringify(gate.id)} is ${state}. ${when}.`;
}

/** The table of `featuregate`, or what it says of one gate. @throws Error for an unknown id */
export function describeGates(gates: FeatureGates, id?: string): string {
  if (id === undefined) {
    const rows = gateTable.map((gate) => [
      gate.id,
      String(gates.enabled(gate.id)),
      stageName(gate),
      sentence(gate),
    ]);
    const header = ['ID', 'Enabled', 'Stage', 'Description'];
    return tabulate([header, ...rows]);
  }
  const gate = gateTable.find((known) => known.id === id);
  if (gate === undefined) {
    const hint = didYouMean(
      id,
      gateTable.map((known) => known.id),
    );
    throw new Error(`feature ${JSON.stringify(id)} not found${hint}`);
  }
  const lines = [
    `Feature: ${gate.id}`,
    `Enabled: ${gates.enabled(gate.id)}`,
    `Stage: ${stageName(gate)}`,
    `Description: ${sentence(gate)}`,
  ];
  if (gate.from !== '') lines.push(`From Version: ${gate.from}`);
  if (gate.to !== '') lines.push(`To Version: ${gate.to}`);
  return `${lines.join('\n')}\n`;
}

/** The table for pages. */
export function viewGates(gates: FeatureGates): GateView[] {
  return gateTable.map((gate) => ({
    id: gate.id,
    enabled: gates.enabled(gate.id),
    stage: stageName(gate),
    description: sentence(gate),
    from: gate.from,
    to: gate.to,
    reference: gateReferences.get(gate.id) ?? '',
  }));
}

function stageName({ stage }: Gate): string {
  return stage.charAt(0).toUpperCase() + stage.slice(1);
}

function sentence(gate: Gate): string {
  if (gate.effect === 'honoured') return gate.description;
  const effect =
    gate.effect === 'fixed' ? 'Cannot be changed here.' : 'Setting it changes nothing here.';
  return `${gate.description} ${effect}`;
}

/** Columns two spaces apart. */
function tabulate(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]! + 2))).join('');
  return `${rows.map(line).join('\n')}\n`;
}
