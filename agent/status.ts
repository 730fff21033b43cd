/** One thing that the agent can have on or off on this machine. */
export interface StatusLine {
  readonly name: string;
  readonly on: boolean;
  /** What it gives, or why it is off and what would turn it on. */
  readonly detail: string;
}

/** Status as text, a line each. */
export function statusText(lines: readonly StatusLine[]): string {
  const width = Math.max(...lines.map(({ name }) => name.length));
  return lines
    .map(({ name, on, detail }) => `${on ? 'on ' : 'off'}  ${name.padEnd(width)}  ${detail}\n`)
    .join('');
}
