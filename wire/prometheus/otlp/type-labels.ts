import { startOf, typeNames, type WriteRequest } from '../remote-write/request.ts';

/**
 * Gives series without metadata the type and unit of their labels `__type__` and `__unit__`, which
 * Prometheus writes with its feature `type-and-unit-labels`.
 */
export function applyTypeLabels(request: WriteRequest): void {
  const { symbols, labels, labelEnds, types, units } = request;
  const type = symbols.find('__type__');
  const unit = symbols.find('__unit__');
  if (type < 0 && unit < 0) return;
  for (let i = 0; i < request.seriesCount; i += 1) {
    for (let at = startOf(labelEnds, i); at < labelEnds.values[i]!; at += 2) {
      const name = labels.values[at]!;
      const value = labels.values[at + 1]!;
      if (name === unit && units.values[i] === 0) units.values[i] = value;
      else if (name === type && types.values[i] === 0) {
        types.values[i] = Math.max(0, typeNames.indexOf(symbols.text(value)));
      }
    }
  }
}
