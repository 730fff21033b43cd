import { type ReactNode, useEffect, useRef } from 'react';
import { Button } from '../../parts/button.tsx';
import { Name } from '../../parts/name.tsx';
import styles from './panel.module.css';
import { selectNothing } from './selection.ts';

/** What is looked at, beside the graph. Escape closes it. */
export function Panel({
  title,
  kind,
  children,
}: {
  title: string;
  kind: string;
  children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another thing is looked at
  useEffect(() => {
    const before = document.activeElement;
    heading.current?.focus();
    return () => {
      // The focus was in here and is gone with it: back to what opened it.
      const lost = document.activeElement === document.body;
      if (lost && before instanceof HTMLElement) before.focus();
    };
  }, [title, kind]);
  return (
    <aside
      className={styles.panel}
      aria-label={`${kind} ${title}`}
      onKeyDown={(event) => {
        if (event.key === 'Escape') selectNothing();
      }}
      data-testid="pipeline-panel"
    >
      <header className={styles.header}>
        <div className={styles.titles}>
          <span className={styles.kind}>{kind}</span>
          <h2 ref={heading} tabIndex={-1} className={styles.title}>
            <Name text={title} />
          </h2>
        </div>
        <Button look="quiet" aria-label="Close" onClick={selectNothing}>
          ✕
        </Button>
      </header>
      <div className={styles.body}>{children}</div>
    </aside>
  );
}
