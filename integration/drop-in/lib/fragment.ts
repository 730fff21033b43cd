/** Configurations of the corpus: what a file leaves out is added, so that it is a whole one. */
import { type Document, isMap, parseDocument } from 'yaml';

/** What the comment lines at the top of a file say: `# key: value`. */
export type Header = ReadonlyMap<string, string>;

/** Comment lines of the form `# key: value` before the first line of another kind. */
export function headerOf(text: string): Header {
  const header = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (!line.startsWith('#')) break;
    const match = /^#\s*([a-z]+):\s*(.*)$/.exec(line);
    if (match !== null) header.set(match[1]!, match[2]!.trim());
  }
  return header;
}

/** Where data come from and go to when a configuration does not say. */
export interface Ends {
  /** Lines of `receivers:` and `exporters:`, each for one component. */
  readonly receiver: string;
  readonly exporter: string;
}

export const silentEnds: Ends = {
  receiver: 'otlp: {protocols: {http: {endpoint: "localhost:0"}}}',
  exporter: 'nop: {}',
};

/** A receiver at `${env:RECEIVE}` and an exporter to `${env:SINK}`. */
export const testEnds: Ends = {
  receiver: 'otlp: {protocols: {http: {endpoint: "${env:RECEIVE}"}}}',
  exporter:
    'otlp_http: {endpoint: "${env:SINK}", compression: none, sending_queue: {enabled: false}}',
};

/**
 * The text with receivers, exporters and pipelines added where they are missing. A header
 * `signals: traces logs` names the pipelines; `traces->metrics` is a pair of them around all
 * connectors. Without it the pipelines are of traces, metrics and logs, or, with connectors,
 * `traces->traces`.
 * @returns the text as it is when it cannot be parsed or says `service:` itself
 */
export function complete(text: string, ends: Ends): string {
  const document = parseDocument(text);
  if (document.errors.length > 0 || !(document.contents === null || isMap(document.contents))) {
    return text;
  }
  if (headerOf(text).get('whole') === 'yes') return text;
  const added: string[] = [];
  const ids = (section: string): string[] => keysOf(document, section);
  const has = (section: string): boolean => document.has(section);
  const connectors = ids('connectors');
  if (!has('receivers')) added.push(`receivers: {${ends.receiver}}`);
  if (!has('exporters')) added.push(`exporters: {${ends.exporter}}`);
  const nameOf = (line: string): string => line.slice(0, line.indexOf(':'));
  const receivers = has('receivers') ? ids('receivers') : [nameOf(ends.receiver)];
  const exporters = has('exporters') ? ids('exporters') : [nameOf(ends.exporter)];
  if (!has('service')) {
    const asked = headerOf(text).get('signals') ?? '';
    const fallback = connectors.length > 0 ? 'traces->traces' : 'traces metrics logs';
    const signals = (asked === '' ? fallback : asked).split(/\s+/);
    added.push('service:', `  extensions: ${flow(ids('extensions'))}`, '  pipelines:');
    for (const signal of signals) {
      added.push(
        ...pipelines(signal, { receivers, exporters, connectors, processors: ids('processors') }),
      );
    }
  }
  return `${text.trimEnd()}\n${added.join('\n')}\n`;
}

interface Parts {
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
  readonly connectors: readonly string[];
}

function pipelines(
  signal: string,
  { receivers, processors, exporters, connectors }: Parts,
): string[] {
  const line = (id: string, from: readonly string[], to: readonly string[], by = processors) =>
    `    ${id}: {receivers: ${flow(from)}, processors: ${flow(by)}, exporters: ${flow(to)}}`;
  const [from = '', to] = signal.split('->');
  if (to === undefined) return [line(from, receivers, exporters)];
  return [line(`${from}/in`, receivers, connectors), line(`${to}/out`, connectors, exporters, [])];
}

function flow(ids: readonly string[]): string {
  return `[${ids.map((id) => JSON.stringify(id)).join(', ')}]`;
}

function keysOf(document: Document, section: string): string[] {
  const found = document.get(section);
  return isMap(found) ? found.items.map((item) => String(item.key)) : [];
}
