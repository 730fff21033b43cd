import {
  type ChangeEvent,
  type KeyboardEvent,
  type RefObject,
  useMemo,
  useRef,
  useState,
} from 'react';
import { lineCount, shownColumn, wordAt } from '../text-marks.ts';
import styles from './editor.module.css';

export interface Mark {
  readonly line: number;
  readonly column: number;
  readonly look: 'fault' | 'warning' | 'unchecked';
  readonly message: string;
}

export interface EditorProps {
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly marks: readonly Mark[];
  readonly area: RefObject<HTMLTextAreaElement | null>;
  readonly onKeyDown: (event: KeyboardEvent<HTMLTextAreaElement>) => void;
  readonly describedBy: string;
}

/** Height of a line, px; the style sheet has the same. */
export const lineHeight = 20;

/** A text with line numbers, and marks below the words that something is said of. */
export function Editor({ text, onChange, marks, area, onKeyDown, describedBy }: EditorProps) {
  const [scroll, setScroll] = useState({ top: 0, left: 0 });
  const [height, setHeight] = useState(800);
  const observer = useRef<ResizeObserver>(undefined);
  const lines = useMemo(() => lineCount(text), [text]);
  const first = Math.max(0, Math.floor(scroll.top / lineHeight) - 2);
  const last = Math.min(lines, first + Math.ceil(height / lineHeight) + 4);
  const visible = marks.filter(({ line }) => line > first && line <= last);
  const measure = (element: HTMLDivElement | null) => {
    observer.current?.disconnect();
    if (element === null) return;
    observer.current = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.current.observe(element);
  };
  return (
    <div className={styles.editor} ref={measure}>
      <div className={styles.gutter} aria-hidden="true">
        <Numbers first={first} last={last} top={scroll.top} marks={visible} />
      </div>
      <div className={styles.sheet}>
        <div className={styles.marks} aria-hidden="true">
          {visible.map((mark, i) => (
            <Underline
              // biome-ignore lint/suspicious/noArrayIndexKey: several may be at one place
              key={`${mark.line} ${mark.column} ${i}`}
              mark={mark}
              text={text}
              scroll={scroll}
            />
          ))}
        </div>
        <textarea
          ref={area}
          className={styles.area}
          value={text}
          onChange={(event: ChangeEvent<HTMLTextAreaElement>) => onChange(event.target.value)}
          onScroll={({ currentTarget }) =>
            setScroll({ top: currentTarget.scrollTop, left: currentTarget.scrollLeft })
          }
          onKeyDown={onKeyDown}
          aria-label="Configuration"
          aria-describedby={describedBy}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          wrap="off"
          placeholder="Paste a configuration here, or load the one that runs."
          data-testid="config-text"
        />
      </div>
    </div>
  );
}

function Numbers({
  first,
  last,
  top,
  marks,
}: {
  first: number;
  last: number;
  top: number;
  marks: readonly Mark[];
}) {
  const looks = new Map(marks.map(({ line, look }) => [line, look]));
  for (const { line, look } of marks) if (look === 'fault') looks.set(line, look);
  return Array.from({ length: Math.max(0, last - first) }, (_none, i) => {
    const line = first + i + 1;
    const look = looks.get(line);
    return (
      <span
        key={line}
        className={`${styles.number} ${look === undefined ? '' : styles[look]}`}
        style={{ top: (line - 1) * lineHeight - top + padding }}
      >
        {line}
      </span>
    );
  });
}

/** Above the first line, px; the style sheet has the same. */
const padding = 8;

function Underline({
  mark,
  text,
  scroll,
}: {
  mark: Mark;
  text: string;
  scroll: { top: number; left: number };
}) {
  const [start, end] = wordAt(text, mark.line, mark.column);
  const column = shownColumn(text, start);
  const width = Math.max(1, end - start);
  return (
    <span
      className={`${styles.mark} ${styles[mark.look]}`}
      style={{
        top: (mark.line - 1) * lineHeight - scroll.top + padding,
        left: `calc(${column}ch + ${padding - scroll.left}px)`,
        width: `${width}ch`,
      }}
    />
  );
}
