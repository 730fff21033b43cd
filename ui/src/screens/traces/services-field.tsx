import { Combobox } from '../../parts/combobox.tsx';
import { Name } from '../../parts/name.tsx';
import { ServiceDot } from '../../parts/service-dot.tsx';
import styles from './search-form.module.css';
import { suggestServices } from './suggest.ts';

/** Any number of services; spans of any of them are looked for. */
export function ServicesField({
  value,
  typed,
  onChange,
  onType,
}: {
  value: readonly string[];
  /** Text of the box, not chosen yet. */
  typed: string;
  onChange: (services: readonly string[]) => void;
  onType: (text: string) => void;
}) {
  return (
    <div className={styles.services}>
      <Combobox
        label="Service"
        first
        placeholder={value.length === 0 ? 'any' : 'or another'}
        value={typed}
        onChange={onType}
        onChoose={(name) => {
          onType('');
          onChange([...new Set([...value, name])]);
        }}
        suggest={suggestServices}
        testId="service"
      />
      {value.length > 0 && (
        <ul className={styles.chosen} aria-label="Chosen services">
          {value.map((name) => (
            <li key={name}>
              <ServiceDot name={name} />
              <Name text={name} />
              <button
                type="button"
                aria-label={`Remove service ${name}`}
                onClick={() => onChange(value.filter((one) => one !== name))}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
