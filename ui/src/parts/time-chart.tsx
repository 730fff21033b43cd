/** Lines over time. Import it lazily: it brings uPlot. */
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import styles from './time-chart.module.css';
import { useDark } from './use-dark.ts';

export interface Line {
  readonly label: string;
  /** Of a token: `--accent`. */
  readonly colour: string;
  /** One for each time; null = a gap. */
  readonly values: readonly (number | null)[];
}

export interface TimeChartProps {
  readonly title: string;
  /** Seconds since 1970, rising. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  /** Text of a value, on the axis and under the pointer. */
  readonly format: (value: number) => string;
}

const height = 130;

/** A chart with a title; the figures under the pointer, or the newest ones, stand beside it. */
export default function TimeChart({ title, times, lines, format }: TimeChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const said = useRef<HTMLParagraphElement>(null);
  const dark = useDark();
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours change with the theme
  useEffect(() => {
    const parent = box.current;
    if (parent === null) return;
    const tell = (index: number | null | undefined) => {
      if (said.current !== null) said.current.textContent = figures(times, lines, format, index);
    };
    const data = [times, ...lines.map(({ values }) => values)] as uPlot.AlignedData;
    const chart = new uPlot(options(parent, lines, format, tell), data, parent);
    tell(undefined);
    const watch = new ResizeObserver(() => chart.setSize({ width: parent.clientWidth, height }));
    watch.observe(parent);
    return () => {
      watch.disconnect();
      chart.destroy();
    };
  }, [times, lines, format, dark]);
  return (
    <figure className={styles.chart}>
      <figcaption>
        <strong>{title}</strong>
        <p ref={said} className={styles.said} />
      </figcaption>
      <div ref={box} className={styles.box} aria-hidden="true" />
    </figure>
  );
}

function options(
  parent: HTMLElement,
  lines: readonly Line[],
  format: (value: number) => string,
  tell: (index: number | null | undefined) => void,
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const axis = {
    stroke: token('--ink-3'),
    font: `11px ${token('--font')}`,
    grid: { stroke: token('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width: Math.max(parent.clientWidth, 100),
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    hooks: { setCursor: [(chart) => tell(chart.cursor.idx)] },
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.05 : 1] } },
    axes: [
      { ...axis, size: 24, space: 70, values: (_, ticks) => ticks.map(clock) },
      { ...axis, size: 62, splits: halves, values: (_, ticks) => ticks.map(format) },
    ],
    series: [
      {},
      ...lines.map(({ label, colour }) => ({
        label,
        stroke: token(colour),
        width: 1.5,
        points: { size: 4, fill: token(colour) },
      })),
    ],
  };
}

/** Few marks: the chart is low. */
function halves(_: uPlot, __: number, least: number, most: number): number[] {
  return [least, (least + most) / 2, most];
}

const hours = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** Local time of day. @param s seconds since 1970 */
function clock(s: number): string {
  return hours.format(s * 1000);
}

function figures(
  times: readonly number[],
  lines: readonly Line[],
  format: (value: number) => string,
  index: number | null | undefined,
): string {
  const at = index ?? times.length - 1;
  const time = times[at];
  if (time === undefined) return '';
  const shown = lines.map(({ label, values }) => {
    const value = values[at];
    return `${label} ${value === null || value === undefined ? '–' : format(value)}`;
  });
  return `${clock(time)}: ${shown.join(', ')}`;
}
