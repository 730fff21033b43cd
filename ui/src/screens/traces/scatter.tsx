import { type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import type { FoundTracesAnswer } from '../../../../query/web/contract/traces.ts';
import { href, navigate } from '../../app/router.tsx';
import { Button } from '../../parts/button.tsx';
import { count, duration, timeOfDay } from '../../parts/format.ts';
import { Name } from '../../parts/name.tsx';
import { useDark } from '../../parts/use-dark.ts';
import { useWidth } from '../../parts/use-width.ts';
import styles from './scatter.module.css';
import { coloursOf, draw } from './scatter-draw.ts';
import {
  type Box,
  type Dot,
  dotAt,
  dotsOf,
  type Scale,
  scaleOf,
  timeAt,
  xOf,
  yOf,
} from './scatter-scale.ts';

const height = 168;
/** A drag is one from so many pixels on. */
const dragged = 5;

export interface ScatterProps {
  readonly answer: FoundTracesAnswer;
  /** Trace id of the row that the pointer is on. */
  readonly pointed: string | undefined;
  /** A stretch of time was chosen, milliseconds since 1970. */
  readonly onZoom: (fromMs: number, toMs: number) => void;
  /** Undefined where the range can be no wider. */
  readonly onZoomOut: (() => void) | undefined;
}

/**
 * Traces by start and duration. A click opens one, a drag chooses a stretch of time; the list below
 * has the same traces for those without a pointer.
 */
export function Scatter({ answer, pointed, onZoom, onZoomOut }: ScatterProps) {
  const dark = useDark();
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(canvas);
  const dots = useMemo(() => dotsOf(answer.traces), [answer]);
  const scale = useMemo(() => scaleOf(answer, dots), [answer, dots]);
  const box: Box = { left: 58, top: 10, width: Math.max(1, width - 74), height: height - 36 };
  const [under, setUnder] = useState<Dot>();
  const [brush, setBrush] = useState<readonly [number, number]>();
  const ring = under?.trace.traceId ?? pointed;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the colours
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || width === 0) return;
    const ratio = window.devicePixelRatio;
    context.canvas.width = Math.round(width * ratio);
    context.canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const colours = coloursOf(context.canvas);
    draw(context, { dots, scale, box, colours, pointed: ring, brush });
  }, [dots, scale, width, ring, brush, dark]);
  const place = (event: PointerEvent) => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const move = (event: PointerEvent) => {
    const at = place(event);
    if (brush !== undefined) setBrush([brush[0], at.x]);
    else setUnder(dotAt(dots, scale, box, at));
  };
  const up = (event: PointerEvent) => {
    const at = place(event);
    setBrush(undefined);
    if (brush !== undefined && Math.abs(brush[0] - at.x) >= dragged) {
      const ends = [timeAt(scale, box, brush[0]), timeAt(scale, box, at.x)].sort((a, b) => a - b);
      onZoom(Math.floor(ends[0]!), Math.ceil(ends[1]!));
      return;
    }
    const dot = dotAt(dots, scale, box, at);
    if (dot !== undefined) navigate(href(`/trace/${dot.trace.traceId}`));
  };
  return (
    <figure className={styles.figure}>
      <canvas
        ref={canvas}
        className={styles.canvas}
        style={{ height, cursor: under === undefined ? 'crosshair' : 'pointer' }}
        role="img"
        aria-label={`Chart of ${dots.length} traces by start and duration; the list has the same.`}
        data-testid="scatter"
        onPointerMove={move}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          const { x } = place(event);
          setBrush([x, x]);
        }}
        onPointerUp={up}
        onPointerCancel={() => setBrush(undefined)}
        onPointerLeave={() => setUnder(undefined)}
      />
      {under !== undefined && brush === undefined && (
        <Tip dot={under} scale={scale} box={box} width={width} />
      )}
      <figcaption className={styles.caption}>
        Duration over start; larger = more spans, red = errors. Drag to zoom, click to open.
        {onZoomOut !== undefined && (
          <Button look="quiet" className={styles.out} onClick={onZoomOut}>
            Zoom out
          </Button>
        )}
      </figcaption>
    </figure>
  );
}

function Tip({
  dot: { trace, atMs, durationNs },
  scale,
  box,
  width,
}: {
  dot: Dot;
  scale: Scale;
  box: Box;
  width: number;
}) {
  const x = xOf(scale, box, atMs);
  const y = yOf(scale, box, durationNs);
  const side = x > width / 2 ? { right: width - x + 14 } : { left: x + 14 };
  return (
    <div
      className={styles.tip}
      style={{ ...side, top: Math.max(0, Math.min(y - 20, height - 70)) }}
    >
      <strong>
        <Name text={trace.rootService} empty="(no root)" />
      </strong>
      <Name text={trace.rootOperation} empty="" />
      <span>
        {duration(trace.durationNs)} · {count(trace.spans)} spans
        {trace.errors > 0 && ` · ${count(trace.errors)} errors`}
      </span>
      <span>{timeOfDay(trace.startUnixNano)}</span>
    </div>
  );
}
