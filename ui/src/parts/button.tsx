import type { ButtonHTMLAttributes } from 'react';
import styles from './button.module.css';

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** `primary`: the one thing to do; `quiet`: without a frame, for bars and rows. */
  readonly look?: 'primary' | 'plain' | 'quiet';
}

export function Button({ look = 'plain', className = '', ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} className={`${styles.button} ${styles[look]} ${className}`} />
  );
}
