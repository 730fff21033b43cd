/**
 * Values below or at which at least a share of the weight lies (the inverse of the empirical
 * distribution).
 * @param values sorted here, with their weights
 * @param percentiles 0 to 100
 */
export function quantileOf(
  values: readonly number[],
  weights: readonly number[],
  percentiles: readonly number[],
): { readonly quantile: number; readonly value: number }[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  let total = 0;
  for (const i of order) total += weights[i]!;
  return percentiles.map((percentile) => {
    const quantile = percentile / 100;
    let sum = 0;
    for (const i of order) {
      sum += weights[i]!;
      if (sum >= quantile * total) return { quantile, value: values[i]! };
    }
    return { quantile, value: values[order.at(-1)!]! };
  });
}
