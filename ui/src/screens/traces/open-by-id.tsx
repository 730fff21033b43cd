import { type FormEvent, useState } from 'react';
import { href, navigate } from '../../app/router.tsx';
import { Button } from '../../parts/button.tsx';
import field from '../../parts/field.module.css';
import styles from './index.module.css';
import { traceIdOf } from './trace-id.ts';

/** Opens a trace whose id somebody has. */
export function OpenById() {
  const [text, setText] = useState('');
  const id = traceIdOf(text);
  const wrong = text.trim() !== '' && id === undefined;
  const open = (event: FormEvent) => {
    event.preventDefault();
    if (id !== undefined) navigate(href(`/trace/${id}`));
  };
  return (
    <form className={styles.byId} onSubmit={open}>
      <input
        className={field.input}
        aria-label="Trace id"
        placeholder="Trace id"
        title="32 hex digits, or a traceparent header"
        spellCheck={false}
        autoComplete="off"
        value={text}
        aria-invalid={wrong}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="submit" disabled={id === undefined}>
        Open
      </Button>
    </form>
  );
}
