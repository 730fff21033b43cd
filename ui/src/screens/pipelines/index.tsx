import { useState } from 'react';
import { href, Link, useRoute } from '../../app/router.tsx';
import { CheckTab, type CheckText } from './check/check-tab.tsx';
import styles from './index.module.css';
import { Running } from './running.tsx';

export default function Screen() {
  const { params } = useRoute();
  const checking = params.get('tab') === 'check';
  // Kept here, so that a text outlives a look at the pipelines.
  const text = useState<CheckText>({ text: '', loaded: false });
  const here = (yes: boolean) => (yes ? ('page' as const) : undefined);
  return (
    <div className={styles.screen}>
      <h1 className="visually-hidden">Pipelines</h1>
      <nav className={styles.tabs} aria-label="Pipelines">
        <Link to={href('/pipelines')} aria-current={here(!checking)}>
          Running
        </Link>
        <Link to={href('/pipelines', { tab: 'check' })} aria-current={here(checking)}>
          Check configuration
        </Link>
      </nav>
      <div className={styles.content}>{checking ? <CheckTab state={text} /> : <Running />}</div>
    </div>
  );
}
