import { useId, useState } from 'react';
import { programClock } from '../api/clock.ts';
import { Button } from './button.tsx';
import styles from './field.module.css';
import { instant, presets, rangeLabel, type TimeRange } from './time-range.ts';
import range from './time-range-field.module.css';

/** Choice of a time range: the usual ones, or both ends. */
export function TimeRangeField({
  value,
  onChange,
}: {
  value: TimeRange;
  onChange: (next: TimeRange) => void;
}) {
  const id = useId();
  const preset = value.to === 'now' && presets.some(({ from }) => from === value.from);
  const [own, setOwn] = useState(false);
  const choose = (text: string) => {
    setOwn(text === 'own');
    if (text !== 'own') onChange({ from: text, to: 'now' });
  };
  return (
    <div className={styles.field}>
      <label htmlFor={id}>Time range</label>
      <div className={range.row}>
        <select
          id={id}
          className={styles.input}
          value={own || !preset ? 'own' : value.from}
          onChange={(event) => choose(event.target.value)}
        >
          {presets.map(({ from, label }) => (
            <option key={from} value={from}>
              {label}
            </option>
          ))}
          <option value="own">{preset ? 'From … to …' : rangeLabel(value)}</option>
        </select>
        {(own || !preset) && (
          <OwnRange
            key={`${value.from} ${value.to}`}
            value={value}
            apply={(next) => {
              setOwn(false);
              onChange(next);
            }}
          />
        )}
      </div>
    </div>
  );
}

function OwnRange({ value, apply }: { value: TimeRange; apply: (next: TimeRange) => void }) {
  const [from, setFrom] = useState(() => local(value.from));
  const [to, setTo] = useState(() => local(value.to));
  const [start, end] = [new Date(from).getTime(), new Date(to).getTime()];
  const good = Number.isFinite(start) && Number.isFinite(end) && start < end;
  return (
    <>
      <input
        type="datetime-local"
        step="1"
        aria-label="From"
        className={styles.input}
        value={from}
        onChange={(event) => setFrom(event.target.value)}
      />
      <input
        type="datetime-local"
        step="1"
        aria-label="To"
        className={styles.input}
        value={to}
        onChange={(event) => setTo(event.target.value)}
      />
      <Button disabled={!good} onClick={() => apply({ from: String(start), to: String(end) })}>
        Use
      </Button>
    </>
  );
}

/** Local time as the input takes it. */
function local(text: string): string {
  const now = programClock.nowMs();
  const ms = instant(text, now) ?? now;
  const offsetMs = new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offsetMs).toISOString().slice(0, 19);
}
