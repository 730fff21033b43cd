/** The visible rows as elements that cannot be seen: for screen readers, and for who finds by text. */
import type { TraceRow } from '../../../../../query/web/contract/trace.ts';
import { Following } from '../model/following.ts';
import { rowSpoken } from '../model/row-text.ts';
import type { RowWindows } from '../model/row-windows.ts';
import { rowHeight } from './draw-rows.ts';

export interface AriaState {
  readonly first: number;
  readonly last: number;
  readonly active: number;
  readonly selected: number;
  readonly services: readonly string[];
}

interface Element {
  readonly row: HTMLElement;
  readonly name: HTMLElement;
  readonly time: HTMLElement;
}

export class AriaRows {
  readonly #space: HTMLElement;
  readonly #grid: HTMLElement;
  readonly #pool: Element[] = [];
  readonly #following = new Following({
    set: (run, ms) => window.setTimeout(run, ms),
    clear: (timer) => window.clearTimeout(timer),
  });

  /** @param grid the element with role treegrid */
  constructor(space: HTMLElement, grid: HTMLElement) {
    this.#space = space;
    this.#grid = grid;
  }

  end(): void {
    this.#following.end();
    for (const { row } of this.#pool) row.remove();
    this.#pool.length = 0;
  }

  /** What is shown is another than before even where positions are the same. */
  stale(): void {
    this.#following.stale();
  }

  /** Follows at once where what is shown is stale, else when scrolling rests. */
  show(rows: RowWindows, state: AriaState): void {
    this.#following.show(`${state.first} ${state.last}`, () => this.#write(rows, state));
  }

  #write(rows: RowWindows, state: AriaState): void {
    const { first, last, active, selected, services } = state;
    this.#grid.setAttribute('aria-rowcount', String(rows.total));
    let used = 0;
    let activeId = '';
    for (let position = first; position <= last && position < rows.total; position++) {
      const row = rows.row(position);
      if (row === undefined) continue;
      const element = (this.#pool[used] ??= this.#add(used));
      used += 1;
      fill(element, row, position, services[row.service] ?? '');
      element.row.setAttribute('aria-selected', String(row.index === selected));
      if (position === active) activeId = element.row.id;
    }
    for (const { row } of this.#pool.splice(used)) row.remove();
    if (activeId === '') this.#grid.removeAttribute('aria-activedescendant');
    else this.#grid.setAttribute('aria-activedescendant', activeId);
  }

  #add(n: number): Element {
    const make = (role: string): HTMLElement => {
      const element = document.createElement('div');
      element.setAttribute('role', role);
      return element;
    };
    const element = { row: make('row'), name: make('gridcell'), time: make('gridcell') };
    element.row.id = `trace-row-${n}`;
    element.row.append(element.name, element.time);
    this.#space.append(element.row);
    return element;
  }
}

function fill({ row, name, time }: Element, data: TraceRow, position: number, service: string) {
  const spoken = rowSpoken(data, service);
  name.textContent = spoken.name;
  time.textContent = spoken.time;
  row.title = `${spoken.name}\n${spoken.time}`;
  row.style.transform = `translateY(${position * rowHeight}px)`;
  row.dataset.index = String(data.index);
  row.dataset.spanId = data.spanId;
  row.setAttribute('aria-rowindex', String(position + 1));
  row.setAttribute('aria-level', String(data.depth + 1));
  if (data.children > 0) row.setAttribute('aria-expanded', String(!data.shut));
  else row.removeAttribute('aria-expanded');
}
