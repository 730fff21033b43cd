/** Milliseconds for people: `0.25s`, `12.5s`. */
export function formatSeconds(ms: number): string {
  return `${Number((ms / 1000).toPrecision(6))}s`;
}
