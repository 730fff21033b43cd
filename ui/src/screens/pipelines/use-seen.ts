import { type RefObject, useEffect, useRef } from 'react';

/** An element that comes into view when it is chosen. */
export function useSeen<E extends HTMLElement>(chosen: boolean): RefObject<E | null> {
  const ref = useRef<E>(null);
  useEffect(() => {
    if (chosen) ref.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [chosen]);
  return ref;
}
