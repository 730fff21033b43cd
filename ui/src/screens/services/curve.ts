/** The line of an edge. */
import type { Point } from './layout-shape.ts';

/**
 * A smooth path of SVG through some points that leaves and arrives along one direction.
 * @param down leaves downwards, else to the right
 */
export function curve(points: readonly Point[], down: boolean): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let path = `M${round(first.x)} ${round(first.y)}`;
  let last = first;
  for (const point of rest) {
    const reach = down ? (point.y - last.y) / 2 : (point.x - last.x) / 2;
    const out = down ? { x: last.x, y: last.y + reach } : { x: last.x + reach, y: last.y };
    const back = down ? { x: point.x, y: point.y - reach } : { x: point.x - reach, y: point.y };
    path += `C${pair(out)} ${pair(back)} ${pair(point)}`;
    last = point;
  }
  return path;
}

function pair({ x, y }: Point): string {
  return `${round(x)} ${round(y)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
