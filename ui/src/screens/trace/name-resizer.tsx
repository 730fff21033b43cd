import { type KeyboardEvent, type PointerEvent, type RefObject, useRef, useState } from 'react';
import { useWidth } from '../../parts/use-width.ts';
import styles from './waterfall.module.css';

const key = 'wirestitch.trace.names';
const least = 120;

/** Width of the names' column: as dragged last time, never more than two thirds of the view. */
export function useNameWidth(view: RefObject<HTMLElement | null>) {
  const [wanted, setWanted] = useState(() => Number(window.localStorage.getItem(key)) || 0);
  const space = useWidth(view, window.innerWidth);
  const usual = Math.min(420, space * 0.4);
  const nameWidth = Math.round(
    Math.min(Math.max(wanted === 0 ? usual : wanted, least), Math.max(space * 0.67, least)),
  );
  const setNameWidth = (width: number): void => {
    window.localStorage.setItem(key, String(Math.round(width)));
    setWanted(width);
  };
  return { nameWidth, setNameWidth };
}

interface NameResizerProps {
  readonly width: number;
  readonly setWidth: (width: number) => void;
}

/** The line between names and bars. */
export function NameResizer({ width, setWidth }: NameResizerProps) {
  const held = useRef<number>(undefined);
  const down = (event: PointerEvent) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    held.current = event.clientX - width;
  };
  const keyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -20, ArrowRight: 20 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setWidth(Math.max(least, width + step));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: an <hr> cannot be moved
    <div
      className={styles.resizer}
      style={{ left: width - 4 }}
      role="separator"
      tabIndex={0}
      aria-orientation="vertical"
      aria-label="Width of the names"
      aria-valuenow={width}
      aria-valuemin={least}
      onPointerDown={down}
      onPointerMove={(event) => {
        if (held.current !== undefined) setWidth(event.clientX - held.current);
      }}
      onPointerUp={() => {
        held.current = undefined;
      }}
      onKeyDown={keyDown}
    />
  );
}
