import { useState } from 'react';
import type {
  AttributeGroup,
  AttributeMeaning,
  ShownAttribute,
  ShownValue,
} from '../../../../query/web/contract/trace.ts';
import { Link } from '../../app/router.tsx';
import { CopyButton } from '../../parts/copy-button.tsx';
import { visibleText } from '../../parts/visible-text.ts';
import styles from './details.module.css';
import { CopyIcon, SearchIcon } from './icons.tsx';
import { searchFor } from './search-link.ts';

const meanings: Readonly<Record<AttributeMeaning, string>> = {
  stitching: 'Capture and stitching',
  http: 'HTTP',
  rpc: 'RPC',
  database: 'Database',
  messaging: 'Messaging',
  genai: 'Generative AI',
  exception: 'Error',
  network: 'Network',
  process: 'Process, host, cluster',
  other: 'Other',
};

/** Characters of a value that are shown before all is asked for. */
const short = 400;

interface GroupsProps {
  readonly title: string;
  readonly groups: readonly AttributeGroup[];
  readonly dropped: number;
  /** Start of the trace, decimal nanoseconds since 1970. */
  readonly startNs: string;
  /** Shut until it is opened. */
  readonly shut?: boolean;
}

/** Attributes by meaning. */
export function AttributeGroups({ title, groups, dropped, startNs, shut = false }: GroupsProps) {
  const total = groups.reduce((sum, { attributes }) => sum + attributes.length, 0);
  return (
    <details className={styles.section} open={!shut}>
      <summary>
        <h3>{title}</h3> <span className={styles.count}>{total}</span>
      </summary>
      {groups.map(({ meaning, attributes }) => (
        <section key={meaning} aria-label={meanings[meaning]}>
          {groups.length > 1 && <h4 className={styles.meaning}>{meanings[meaning]}</h4>}
          <AttributeList attributes={attributes} startNs={startNs} />
        </section>
      ))}
      {total === 0 && <p className={styles.none}>none</p>}
      {dropped > 0 && <p className={styles.none}>The sender left out {dropped} more.</p>}
    </details>
  );
}

interface ListProps {
  readonly attributes: readonly ShownAttribute[];
  readonly startNs: string;
}

export function AttributeList({ attributes, startNs }: ListProps) {
  return (
    <dl className={styles.attributes}>
      {attributes.map(({ key, value }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: keys of attributes may repeat
        <Attribute key={i} name={key} value={value} startNs={startNs} />
      ))}
    </dl>
  );
}

interface AttributeProps {
  readonly name: string;
  readonly value: ShownValue;
  readonly startNs: string;
}

function Attribute({ name, value, startNs }: AttributeProps) {
  const [all, setAll] = useState(false);
  const text = shown(value);
  const long = text.length > short;
  const search = searchFor(name, value, startNs);
  return (
    <div className={styles.attribute}>
      <dt title={`${name}: ${value.type}`}>
        <bdi>{visibleText(name)}</bdi>
      </dt>
      <dd>
        <bdi className={styles[value.type]} data-type={value.type}>
          {visibleText(all || !long ? text : text.slice(0, short))}
        </bdi>
        {long && !all && (
          <button type="button" className={styles.link} onClick={() => setAll(true)}>
            … {(text.length - short).toLocaleString()} more characters
          </button>
        )}
        {value.cut > 0 && (
          <span className={styles.none}> {value.cut.toLocaleString()} characters are left out</span>
        )}
      </dd>
      <dd className={styles.tools}>
        <CopyButton
          look="quiet"
          text={value.text}
          aria-label={`Copy value of ${name}`}
          title="Copy value"
        >
          <CopyIcon />
        </CopyButton>
        {search !== undefined && (
          <Link
            className={styles.tool}
            to={search}
            title="Search for traces with this value"
            aria-label={`Search for traces with this value of ${name}`}
          >
            <SearchIcon />
          </Link>
        )}
      </dd>
    </div>
  );
}

/** Arrays and maps in lines, nothing as a sign. */
function shown({ type, text }: ShownValue): string {
  if (type === 'empty') return '(not set)';
  if (type === 'string' && text === '') return '(empty)';
  if (type !== 'array' && type !== 'map') return text;
  try {
    return JSON.stringify(JSON.parse(text), undefined, 1);
  } catch {
    return text;
  }
}
