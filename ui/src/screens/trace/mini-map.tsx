import {
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import type { TraceOutline } from '../../../../query/web/contract/trace.ts';
import { duration } from '../../parts/format.ts';
import { useDark } from '../../parts/use-dark.ts';
import { drawMap } from './canvas/draw-map.ts';
import { readPalette } from './canvas/palette.ts';
import { clampZoom, nsAt, panBy, xOf, type Zoom, zoomAround } from './model/time-scale.ts';
import styles from './waterfall.module.css';

export interface MiniMapProps {
  readonly outline: TraceOutline;
  readonly zoom: Zoom;
  readonly whole: Zoom;
  readonly setZoom: (zoom: Zoom) => void;
}

const height = 56;
/** Pixels around an edge in which it is taken hold of. */
const edge = 6;

type Hold = { readonly kind: 'from' | 'to' | 'brush'; readonly at: number };

/** The whole trace: drag over a stretch to look at it, its edges to change it. */
export function MiniMap({ outline, zoom, whole, setZoom }: MiniMapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drag, setDrag] = useState<Zoom>();
  const hold = useRef<Hold>(undefined);
  const width = useMap(canvas, { outline, zoom, whole, drag });
  const asked = (held: Hold, x: number): Zoom => {
    const ns = nsAt(x, whole, width);
    const other = { from: zoom.to, to: zoom.from, brush: nsAt(held.at, whole, width) }[held.kind];
    return { from: Math.min(ns, other), to: Math.max(ns, other) };
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const x = offset(event, width);
    event.currentTarget.setPointerCapture(event.pointerId);
    const near = (ns: number) => Math.abs(xOf(ns, whole, width) - x) <= edge;
    const left = near(zoom.from) && zoom.from > whole.from;
    const right = near(zoom.to) && zoom.to < whole.to;
    hold.current = { kind: left ? 'from' : right ? 'to' : 'brush', at: x };
  };
  const move = (event: PointerEvent) => {
    if (hold.current !== undefined) setDrag(asked(hold.current, offset(event, width)));
  };
  const up = (event: PointerEvent) => {
    const held = hold.current;
    hold.current = undefined;
    setDrag(undefined);
    if (held === undefined) return;
    const x = offset(event, width);
    if (Math.abs(x - held.at) > 3) {
      setZoom(clampZoom(asked(held, x), whole));
      return;
    }
    // A click moves what is looked at there.
    const half = (zoom.to - zoom.from) / 2;
    const at = nsAt(x, whole, width);
    setZoom(clampZoom({ from: at - half, to: at + half }, whole));
  };
  const keyDown = (event: KeyboardEvent) => {
    const next = keyZoom(event.key, zoom, whole);
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setZoom(next);
  };
  return (
    <div
      className={styles.map}
      role="slider"
      tabIndex={0}
      aria-label="Stretch of time that is shown; arrows move it, up and down zoom, Home shows all"
      aria-valuemin={0}
      aria-valuemax={Math.round(whole.to)}
      aria-valuenow={Math.round(zoom.from)}
      aria-valuetext={`${duration(zoom.from)} to ${duration(zoom.to)}`}
      data-testid="mini-map"
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onDoubleClick={() => setZoom(whole)}
      onKeyDown={keyDown}
    >
      <canvas ref={canvas} style={{ height }} />
    </div>
  );
}

/** Pixels from the left end. */
function offset(event: PointerEvent, width: number): number {
  const box = event.currentTarget.getBoundingClientRect();
  return Math.min(Math.max(event.clientX - box.left, 0), width);
}

function keyZoom(key: string, zoom: Zoom, whole: Zoom): Zoom | undefined {
  const middle = (zoom.from + zoom.to) / 2;
  if (key === 'ArrowLeft') return panBy(zoom, -0.1, whole);
  if (key === 'ArrowRight') return panBy(zoom, 0.1, whole);
  if (key === 'ArrowUp') return zoomAround(zoom, middle, 0.7, whole);
  if (key === 'ArrowDown') return zoomAround(zoom, middle, 1.4, whole);
  return key === 'Home' ? whole : undefined;
}

interface Drawn extends Omit<MiniMapProps, 'setZoom'> {
  readonly drag: Zoom | undefined;
}

/** Keeps the picture in step. @returns its width in pixels */
function useMap(
  canvas: RefObject<HTMLCanvasElement | null>,
  { outline: { map, services }, zoom, whole, drag }: Drawn,
): number {
  const [width, setWidth] = useState(0);
  const dark = useDark();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes what is read
  const palette = useMemo(() => readPalette(services.map(({ name }) => name)), [services, dark]);
  useEffect(() => {
    const element = canvas.current?.parentElement;
    if (element == null) return;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, [canvas]);
  useEffect(() => {
    const element = canvas.current;
    const ctx = element?.getContext('2d', { alpha: false });
    if (element == null || ctx == null || width === 0) return;
    const scale = window.devicePixelRatio || 1;
    element.width = Math.round(width * scale);
    element.height = Math.round(height * scale);
    ctx.setTransform(scale, 0, 0, scale, 0, 0);
    drawMap(ctx, palette, { width, height, map, whole, zoom, drag });
  }, [canvas, palette, width, map, whole, zoom, drag]);
  return width;
}
