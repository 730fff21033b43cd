/** What is said of a row in words. Pure. */
import type {
  SpanMark,
  SpanSource,
  TraceRow,
  TraceWarning,
} from '../../../../../query/web/contract/trace.ts';
import { duration, percent } from '../../../parts/format.ts';
import { visibleText } from '../../../parts/visible-text.ts';

export const sourceNames: Readonly<Record<SpanSource, string>> = {
  application: 'application SDK',
  system_call: 'system call',
  network: 'network',
};

export const kindNames = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
export const statusNames = ['unset', 'ok', 'error'];

/** Rules and reasons of docs/stitching.md in words. */
const ruleTexts: Readonly<Record<string, string>> = {
  span_id: 'the span id in the request’s header',
  syscall: 'one process working on both (system call trace id)',
  request_id: 'an equal X-Request-ID',
  tcp_sequence: 'equal TCP sequence numbers: one message at two places',
  datagram: 'an equal datagram at two places',
  address_translation: 'equal sequence numbers and contents across translated addresses',
  business_id: 'an equal business id',
  process_trace_id: 'one process and an equal trace id',
};

const unlinkedTexts: Readonly<Record<string, string>> = {
  no_evidence: 'nothing captured names a parent',
  parent_not_stored: 'its header names a span that is not stored',
  ambiguous: 'several parents are equally good',
  conflict: 'rules contradict each other',
  cycle: 'the links would have run in a circle',
  limit: 'the trace has more spans than are stitched',
};

export function ruleText(rule: string): string {
  return ruleTexts[rule] ?? rule;
}

export function unlinkedText(reason: string): string {
  return unlinkedTexts[reason] ?? reason;
}

/** Beside a bar: how long, by itself, where it was seen, why it hangs where it does. */
export function rowLabel(row: TraceRow): string {
  if (row.missing) return 'parent not stored';
  const parts = [duration(row.durationNs)];
  if (row.point !== '') parts.push(visibleText(row.point).slice(0, 40));
  if (row.rule !== '') parts.push(`by ${visibleText(row.rule).slice(0, 40)}`);
  else if (row.unlinked !== '') parts.push(`unlinked: ${visibleText(row.unlinked).slice(0, 40)}`);
  if (row.children > 0 && row.durationNs > 0)
    parts.push(`self ${percent(row.selfNs / row.durationNs)}`);
  if (row.marks.includes('negative')) parts.push('ends before it begins');
  return parts.join(' · ');
}

/** All of a row, for who cannot see it. */
export function rowSpoken(row: TraceRow, service: string): { name: string; time: string } {
  if (row.missing) {
    return {
      name: `Parent not stored, span ${row.spanId}`,
      time: `${row.below} ${row.below === 1 ? 'span' : 'spans'} below`,
    };
  }
  const error = row.status === 2 ? ', error' : '';
  const seen = row.source === 'application' ? '' : `, seen by ${sourceNames[row.source]}`;
  const path = row.critical.length > 0 ? ', on the critical path' : '';
  return {
    name: `${visibleText(service)} ${visibleText(row.name.slice(0, 300))}${error}`,
    time: `${rowLabel(row)}, starts at ${duration(row.startNs)}${seen}${path}`,
  };
}

const markTexts: Readonly<Record<SpanMark, string>> = {
  cycle: 'Its parents led in a circle; it is shown without its parent.',
  duplicate_id: 'Another span of this trace has the same id.',
  negative: 'It ends before it begins; it is shown without a duration.',
  before_parent: 'It begins before its parent: the clocks of two hosts do not agree.',
  off_axis: 'Its times are days away from all others; it is not drawn.',
  adjusted: 'Its times are moved into its parent’s.',
};

export function markText(mark: SpanMark): string {
  return markTexts[mark];
}

/** A warning about the trace, as one sentence. */
export function warningText({ kind, count }: TraceWarning): string {
  const spans = count === 1 ? '1 span' : `${count} spans`;
  switch (kind) {
    case 'missing_parent':
      return count === 1 ? '1 parent is not stored' : `${count} parents are not stored`;
    case 'copies':
      return `${spans} came twice and ${count === 1 ? 'is' : 'are'} shown once`;
    case 'several_roots':
      return `${count} spans have no parent`;
    case 'cycle':
      return `${spans} had parents in a circle, which is cut`;
    case 'duplicate_id':
      return `${spans} share an id with another`;
    case 'negative':
      return `${spans} ${count === 1 ? 'ends' : 'end'} before the beginning`;
    case 'before_parent':
      return `${spans} ${count === 1 ? 'begins' : 'begin'} before the parent: clocks are apart`;
    case 'off_axis':
      return `${spans} ${count === 1 ? 'is' : 'are'} days away from the others and not drawn`;
    case 'adjusted':
      return `times of ${spans} are adjusted`;
  }
}
