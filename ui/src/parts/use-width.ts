import { type RefObject, useLayoutEffect, useState } from 'react';

/**
 * Width of an element in CSS pixels, known before it is painted, and as it changes.
 * @param element is there from the first to the last moment of who asks
 * @param before width of the first rendering, when it is not known
 */
export function useWidth(element: RefObject<HTMLElement | null>, before = 0): number {
  const [width, setWidth] = useState(before);
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return;
    setWidth(current.clientWidth);
    const observer = new ResizeObserver(() => setWidth(current.clientWidth));
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return width;
}
