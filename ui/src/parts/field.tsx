import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from 'react';
import styles from './field.module.css';

interface Labelled {
  readonly label: string;
  /** What is wrong with the value, said below it. */
  readonly fault?: string | undefined;
}

/** A text box with its label above it. */
export function TextField({
  label,
  fault,
  className = '',
  ...rest
}: Labelled & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className={`${styles.field} ${className}`}>
      <label htmlFor={id}>{label}</label>
      <input
        {...rest}
        id={id}
        className={styles.input}
        aria-invalid={fault !== undefined}
        aria-describedby={fault === undefined ? undefined : `${id}-fault`}
      />
      <Fault id={`${id}-fault`} text={fault} />
    </div>
  );
}

export interface Option {
  readonly value: string;
  readonly label: string;
}

/** A choice of few, with its label above it. */
export function SelectField({
  label,
  fault,
  options,
  className = '',
  ...rest
}: Labelled & { readonly options: readonly Option[] } & SelectHTMLAttributes<HTMLSelectElement>) {
  const id = useId();
  return (
    <div className={`${styles.field} ${className}`}>
      <label htmlFor={id}>{label}</label>
      <select {...rest} id={id} className={styles.input}>
        {options.map(({ value, label: text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      <Fault id={`${id}-fault`} text={fault} />
    </div>
  );
}

function Fault({ id, text }: { id: string; text: string | undefined }): ReactNode {
  if (text === undefined) return null;
  return (
    <p id={id} className={styles.fault}>
      {text}
    </p>
  );
}
