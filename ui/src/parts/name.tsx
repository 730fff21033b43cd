import styles from './name.module.css';
import { visibleText } from './visible-text.ts';

/** Longest text of a name that is put into the page; more is in the details of a span. */
const longest = 300;

/**
 * A name from data: text only, its direction kept to itself, in one line.
 * @param empty what is shown for ''
 */
export function Name({ text, empty = '(no name)' }: { text: string; empty?: string }) {
  if (text === '') return <span className={styles.empty}>{empty}</span>;
  const shown = visibleText(text.length > longest ? `${text.slice(0, longest)}…` : text);
  return (
    <bdi className={styles.name} title={shown}>
      {shown}
    </bdi>
  );
}
