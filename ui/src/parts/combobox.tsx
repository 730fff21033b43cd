import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import styles from './combobox.module.css';
import field from './field.module.css';
import { Name } from './name.tsx';

export interface Suggestion {
  readonly value: string;
  /** Said beside it: how often it occurs. */
  readonly detail?: string;
}

export interface Suggestions {
  readonly items: readonly Suggestion[];
  /** Said below them, such as that there are more; '' = nothing. */
  readonly note?: string;
}

export interface ComboboxProps {
  readonly label: string;
  /** The label is for screen readers only. */
  readonly bare?: boolean;
  readonly value: string;
  /** With each letter typed, and with a choice. */
  readonly onChange: (value: string) => void;
  /** Enter takes the first suggestion for what is typed, for boxes where other texts are of no use. */
  readonly first?: boolean;
  /** A choice out of the list, after `onChange`. */
  readonly onChoose?: (value: string) => void;
  /** What fits a text; asked a moment after typing stops. */
  readonly suggest: (text: string, signal: AbortSignal) => Promise<Suggestions>;
  readonly placeholder?: string;
  readonly className?: string | undefined;
  /** The box stands at the right edge where the page is narrow. */
  readonly right?: boolean;
  readonly fault?: string | undefined;
  readonly testId?: string;
}

interface Popup {
  readonly state: 'closed' | 'loading' | 'open' | 'failed';
  readonly found: Suggestions;
  /** Index of the suggestion that Enter takes, -1 = none. */
  readonly active: number;
}

const closed: Popup = { state: 'closed', found: { items: [] }, active: -1 };
const quietMs = 120;

/** A text box that offers what is stored; any other text can be typed as well. */
export function Combobox(props: ComboboxProps) {
  const { label, bare = false, value, placeholder, className = '', fault, testId } = props;
  const id = useId();
  const [popup, setPopup] = useState(closed);
  const ask = useSuggest(props, setPopup);
  const choose = (text: string) => {
    ask.stop();
    setPopup(closed);
    props.onChange(text);
    props.onChoose?.(text);
  };
  const keyDown = (event: KeyboardEvent) => {
    const { items } = popup.found;
    const active = items[popup.active];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (popup.state === 'closed') return ask.now('');
      const step = event.key === 'ArrowDown' ? 1 : -1;
      const next = popup.active + step;
      setPopup({
        ...popup,
        active: next < -1 ? items.length - 1 : next >= items.length ? -1 : next,
      });
    } else if (event.key === 'Enter') {
      // Without a choice Enter is the form's, and what was offered is done with.
      ask.stop();
      setPopup(closed);
      if (active === undefined) return;
      event.preventDefault();
      choose(active.value);
    } else if (event.key === 'Escape' && popup.state !== 'closed') {
      event.preventDefault();
      ask.stop();
      setPopup(closed);
    }
  };
  return (
    <div className={`${field.field} ${styles.box} ${className}`}>
      <label htmlFor={id} className={bare ? 'visually-hidden' : undefined}>
        {label}
      </label>
      <input
        id={id}
        className={field.input}
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={popup.state !== 'closed'}
        aria-controls={`${id}-list`}
        aria-activedescendant={popup.active < 0 ? undefined : `${id}-${popup.active}`}
        aria-invalid={fault !== undefined}
        aria-describedby={fault === undefined ? undefined : `${id}-fault`}
        autoComplete="off"
        spellCheck={false}
        placeholder={placeholder}
        value={value}
        data-testid={testId}
        onChange={(event) => {
          props.onChange(event.target.value);
          // What was offered for the text before is not what Enter takes.
          setPopup((old) => ({ ...old, active: -1 }));
          ask.soon(event.target.value);
        }}
        onFocus={() => ask.soon('')}
        onBlur={() => {
          ask.stop();
          setPopup(closed);
        }}
        onKeyDown={keyDown}
      />
      {popup.state !== 'closed' && (
        <List id={id} popup={popup} choose={choose} right={props.right === true} />
      )}
      {fault !== undefined && (
        <p id={`${id}-fault`} className={field.fault}>
          {fault}
        </p>
      )}
    </div>
  );
}

function List({
  id,
  popup,
  choose,
  right,
}: {
  id: string;
  popup: Popup;
  choose: (value: string) => void;
  right: boolean;
}) {
  const { state, found, active } = popup;
  const nothing = state === 'open' && found.items.length === 0;
  const said =
    state === 'failed'
      ? 'No suggestions: the program did not answer.'
      : state === 'loading' && found.items.length === 0
        ? 'Loading …'
        : nothing
          ? 'Nothing like it among the newest spans. Any text can be typed.'
          : (found.note ?? '');
  const activeItem = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another active item is scrolled to
  useEffect(() => {
    activeItem.current?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return (
    <div className={`${styles.popup} ${right ? styles.right : ''}`}>
      <div id={`${id}-list`} role="listbox" aria-label="Suggestions" className={styles.list}>
        {found.items.map(({ value, detail }, i) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the text box
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are those of the text box
          <div
            key={value}
            id={`${id}-${i}`}
            ref={i === active ? activeItem : undefined}
            role="option"
            aria-selected={i === active}
            className={styles.option}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => choose(value)}
          >
            <Name text={value} empty="(empty)" />
            {detail !== undefined && <span className={styles.detail}>{detail}</span>}
          </div>
        ))}
      </div>
      {said !== '' && (
        <p className={styles.note} role="status">
          {said}
        </p>
      )}
    </div>
  );
}

interface Ask {
  /** A moment from now, unless something else is typed before. */
  readonly soon: (text: string) => void;
  readonly now: (text: string) => void;
  readonly stop: () => void;
}

/** Asks for what fits, one question at a time: a new one ends the one before. */
function useSuggest(
  props: ComboboxProps,
  setPopup: (next: Popup | ((old: Popup) => Popup)) => void,
): Ask {
  const latest = useRef(props);
  latest.current = props;
  const running = useRef<{ timer: number; controller: AbortController }>(undefined);
  const stop = () => {
    window.clearTimeout(running.current?.timer);
    running.current?.controller.abort();
    running.current = undefined;
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when it goes away
  useEffect(() => stop, []);
  const later = (text: string, ms: number) => {
    stop();
    const controller = new AbortController();
    const { signal } = controller;
    const run = () => {
      setPopup((old) => ({ ...old, state: 'loading', active: -1 }));
      const { suggest, first = false } = latest.current;
      suggest(text, signal).then(
        (found) => {
          const active = first && text !== '' && found.items.length > 0 ? 0 : -1;
          if (!signal.aborted) setPopup({ state: 'open', found, active });
        },
        () => {
          if (!signal.aborted) setPopup({ state: 'failed', found: { items: [] }, active: -1 });
        },
      );
    };
    running.current = { timer: window.setTimeout(run, ms), controller };
  };
  return { soon: (text) => later(text, quietMs), now: (text) => later(text, 0), stop };
}
