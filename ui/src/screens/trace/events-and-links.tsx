import type { SpanEvent, SpanLink } from '../../../../query/web/contract/trace.ts';
import { href, Link } from '../../app/router.tsx';
import { duration } from '../../parts/format.ts';
import { Name } from '../../parts/name.tsx';
import { AttributeList } from './attributes.tsx';
import styles from './details.module.css';

interface EventsProps {
  readonly events: readonly SpanEvent[];
  readonly dropped: number;
  /** Start of the trace, decimal nanoseconds since 1970. */
  readonly startNs: string;
}

export function Events({ events, dropped, startNs }: EventsProps) {
  if (events.length === 0 && dropped === 0) return null;
  return (
    <details className={styles.section} open>
      <summary>
        <h3>Events</h3> <span className={styles.count}>{events.length}</span>
      </summary>
      <ol className={styles.events}>
        {events.map((event, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: events have no id and never move
          <li key={i}>
            <p>
              <span className={styles.when}>{since(event.sinceStartNs)}</span>{' '}
              <strong>
                <Name text={event.name} />
              </strong>
            </p>
            <AttributeList attributes={event.attributes} startNs={startNs} />
          </li>
        ))}
      </ol>
      {dropped > 0 && <p className={styles.none}>The sender left out {dropped} more.</p>}
    </details>
  );
}

function since(ns: number): string {
  return ns < 0 ? `−${duration(-ns)}` : `+${duration(ns)}`;
}

interface LinksProps extends Omit<EventsProps, 'events'> {
  readonly links: readonly SpanLink[];
}

export function Links({ links, dropped, startNs }: LinksProps) {
  if (links.length === 0 && dropped === 0) return null;
  return (
    <details className={styles.section} open>
      <summary>
        <h3>Links</h3> <span className={styles.count}>{links.length}</span>
      </summary>
      <ol className={styles.events}>
        {links.map((link, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: links have no id and never move
          <li key={i}>
            <p>
              <Link to={href(`/trace/${link.traceId}`, { span: link.spanId })}>
                trace <code>{link.traceId}</code>
              </Link>{' '}
              span <code>{link.spanId}</code>
            </p>
            <AttributeList attributes={link.attributes} startNs={startNs} />
          </li>
        ))}
      </ol>
      {dropped > 0 && <p className={styles.none}>The sender left out {dropped} more.</p>}
    </details>
  );
}
