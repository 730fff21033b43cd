import { serviceColour } from './colour.ts';
import styles from './service-dot.module.css';
import { useDark } from './use-dark.ts';

/** The colour of a service, beside its name. */
export function ServiceDot({ name }: { name: string }) {
  const background = serviceColour(name, useDark());
  return <span className={styles.dot} style={{ background }} aria-hidden="true" />;
}
