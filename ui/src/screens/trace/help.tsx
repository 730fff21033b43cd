import { useEffect, useRef } from 'react';
import { Button } from '../../parts/button.tsx';
import { bindings } from './model/keys.ts';
import styles from './trace.module.css';

const names: Readonly<Record<string, string>> = {
  ArrowDown: '↓',
  ArrowUp: '↑',
  ArrowRight: '→',
  ArrowLeft: '←',
  ' ': 'Space',
  PageDown: 'Page ↓',
  PageUp: 'Page ↑',
};

/** What keys do. */
export function Help({ close }: { close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className={styles.dialog} onClose={close} aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <p className={styles.hint}>
        They work while the rows have the focus. With the mouse: drag over the bars or the picture
        above to look closer, double-click for the whole trace, Ctrl and the wheel to zoom.
      </p>
      <dl className={styles.keys}>
        {bindings.map(({ keys, text }) => (
          <div key={text}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{names[key] ?? key}</kbd>
              ))}
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <Button onClick={() => dialog.current?.close()}>Close</Button>
    </dialog>
  );
}
