import { loadavg } from 'node:os';

export interface Figure {
  readonly name: string;
  /** CPU microseconds an item, median of the repeats. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** CPU time of this process in microseconds, all threads. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * Runs each candidate in turn, five times over, and gives CPU microseconds an item. Alternating
 * keeps a busy machine fair to all.
 *
 * @param items items that one call handles
 * @param calls calls a repeat
 */
export function measure(
  candidates: Readonly<Record<string, () => unknown>>,
  items: number,
  calls: number,
): Figure[] {
  const times = new Map<string, number[]>();
  for (let repeat = -1; repeat < 5; repeat += 1) {
    for (const [name, run] of Object.entries(candidates)) {
      const before = cpu();
      for (let i = 0; i < calls; i += 1) run();
      const each = (cpu() - before) / calls / items;
      if (repeat < 0) times.set(name, []);
      else times.get(name)!.push(each);
    }
  }
  return [...times].map(([name, all]) => {
    all.sort((a, b) => a - b);
    return { name, median: all[2]!, low: all[0]!, high: all[4]! };
  });
}

/** One line a figure: median, spread, ratio to the first. */
export function print(title: string, figures: readonly Figure[]): void {
  console.log(`\n${title}`);
  const base = figures[0]!.median;
  for (const { name, median, low, high } of figures) {
    const spread = `${low.toFixed(3)}-${high.toFixed(3)}`;
    const ratio = (base / median).toFixed(2);
    console.log(
      `  ${name.padEnd(34)} ${median.toFixed(3).padStart(8)} us  ${spread.padStart(15)}  x${ratio}`,
    );
  }
}

export function header(what: string): void {
  const load = loadavg()[0]!.toFixed(2);
  console.log(
    `${what}; node ${process.version}, load ${load}; CPU us an item: median, spread, ratio`,
  );
}
