/** What a screen shows when there is nothing to show yet, and what to do then. */
import type { ReactNode } from 'react';
import { ApiError } from '../api/client.ts';
import { Button } from './button.tsx';
import styles from './states.module.css';

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <section className={styles.state}>
      <h2>{title}</h2>
      <div className={styles.text}>{children}</div>
    </section>
  );
}

/** Shown after a moment, so that what is quick does not flicker. */
export function Loading({ what }: { what: string }) {
  return (
    <section className={`${styles.state} ${styles.late}`} aria-busy="true">
      <span className={styles.spinner} aria-hidden="true" />
      <p className={styles.text} role="status">
        Loading {what} …
      </p>
    </section>
  );
}

/** @param error of a request: its hint is shown; anything else is a fault of the page */
export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const known = error instanceof ApiError;
  const text = error instanceof Error ? error.message : String(error);
  return (
    <section className={styles.state} role="alert">
      <h2>{known ? titles[error.reason] : 'This page has a fault'}</h2>
      <p className={styles.message}>{text}</p>
      {known && error.hint !== '' && <p className={styles.text}>{error.hint}</p>}
      {retry !== undefined && <Button onClick={retry}>Try again</Button>}
    </section>
  );
}

const titles: Readonly<Record<ApiError['reason'], string>> = {
  bad_request: 'The program cannot answer this',
  forbidden: 'Not allowed',
  not_found: 'Not found',
  too_broad: 'Too much to look at',
  unavailable: 'The storage does not answer',
  timeout: 'This took too long',
  internal: 'Something went wrong in the program',
  unreachable: 'The program does not answer',
};

/** Says that there is more than is shown, and how to see it. */
export function CutOff({ children }: { children: ReactNode }) {
  return (
    <p className={styles.cut} role="status">
      {children}
    </p>
  );
}
