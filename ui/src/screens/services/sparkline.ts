/** Bars of a series as paths of SVG: no element a bar. */

export interface Bars {
  /** All calls, and the part of them that failed. */
  readonly calls: string;
  readonly errors: string;
}

/** @param width, height of the drawing; its origin is at the top left */
export function bars(
  calls: readonly number[],
  errors: readonly number[],
  { width, height }: { readonly width: number; readonly height: number },
): Bars {
  const most = Math.max(...calls, 0);
  if (most === 0) return { calls: '', errors: '' };
  const step = width / calls.length;
  const gap = step > 3 ? 1 : 0;
  const bar = (value: number, i: number): string => {
    if (value === 0) return '';
    const size = Math.max(1, (value / most) * height);
    return `M${round(i * step)} ${height}v${-round(size)}h${round(step - gap)}v${round(size)}z`;
  };
  return { calls: calls.map(bar).join(''), errors: errors.map(bar).join('') };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
