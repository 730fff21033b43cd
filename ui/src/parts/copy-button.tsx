import { useEffect, useState } from 'react';
import { Button, type ButtonProps } from './button.tsx';

/** Copies a text and says so for a moment. @param text or what makes it, asked when clicked */
export function CopyButton({
  text,
  children,
  ...rest
}: Omit<ButtonProps, 'onClick'> & { text: string | (() => string | Promise<string>) }) {
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (said === '') return;
    const timer = window.setTimeout(() => setSaid(''), 1500);
    return () => window.clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'string' ? text : await text());
      setSaid('Copied');
    } catch {
      setSaid('Cannot copy here');
    }
  };
  return (
    <Button {...rest} onClick={() => void copy()}>
      <span aria-live="polite">{said === '' ? children : said}</span>
    </Button>
  );
}
