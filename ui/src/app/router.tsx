/** Where the reader is: the path below the page's base, and the parameters of the query string. */
import { type AnchorHTMLAttributes, type MouseEvent, useMemo, useSyncExternalStore } from 'react';

/** `/` or a prefix such as `/wirestitch/`: what <base> says. */
const base = new URL(document.baseURI).pathname;

export interface Location {
  /** From `/` on, without the base. */
  readonly path: string;
  readonly params: URLSearchParams;
}

const changed = 'wirestitch:navigate';

function subscribe(run: () => void): () => void {
  window.addEventListener('popstate', run);
  window.addEventListener(changed, run);
  return () => {
    window.removeEventListener('popstate', run);
    window.removeEventListener(changed, run);
  };
}

const current = (): string => window.location.pathname + window.location.search;

function read(url: string): Location {
  const { pathname, search } = new URL(url, window.location.origin);
  const path = pathname.startsWith(base) ? `/${pathname.slice(base.length)}` : '/';
  return { path, params: new URLSearchParams(search) };
}

/** The location, again with each change. */
export function useRoute(): Location {
  const url = useSyncExternalStore(subscribe, current);
  return useMemo(() => read(url), [url]);
}

/** `/traces` with parameters, as an address below the base; empty values are left out. */
export function href(path: string, params?: URLSearchParams | Record<string, string>): string {
  const query = new URLSearchParams(params);
  for (const [name, value] of [...query]) if (value === '') query.delete(name, value);
  const search = query.size === 0 ? '' : `?${query}`;
  return `${base}${path.replace(/^\//, '')}${search}`;
}

/** @param to from {@link href}. `replace`: the step back does not lead here. */
export function navigate(to: string, { replace = false } = {}): void {
  if (to === current()) return;
  if (replace) window.history.replaceState(null, '', to);
  else window.history.pushState(null, '', to);
  window.dispatchEvent(new Event(changed));
}

/** Changes some parameters of this screen's address; '' or undefined takes one away. */
export function setParams(
  changes: Readonly<Record<string, string | undefined>>,
  options: { readonly replace?: boolean } = {},
): void {
  const { path, params } = read(current());
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') params.delete(name);
    else params.set(name, value);
  }
  navigate(href(path, params), options);
}

/** An anchor that stays within the page. `to` is from {@link href}. */
export function Link({
  to,
  onClick,
  ...rest
}: { readonly to: string } & AnchorHTMLAttributes<HTMLAnchorElement>) {
  const click = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const other = event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0;
    if (event.defaultPrevented || other || rest.target === '_blank') return;
    event.preventDefault();
    navigate(to);
  };
  return <a {...rest} href={to} onClick={click} />;
}
