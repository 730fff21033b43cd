import type { BuildInfo } from '../../component/settings.ts';
import type { InstanceStatus, ProgramView } from '../../component/view.ts';
import { type Html, heading, lines, link, page, preformatted, table } from './html.ts';

/** What the pages are made of. */
export interface Program {
  readonly build: BuildInfo;
  readonly view: ProgramView;
  /** Ids of the started extensions, in order. */
  readonly extensions: readonly string[];
  /** Milliseconds since 1970. */
  readonly startedUnixMs: number;
}

/** A page for a query; all are HTML. */
export type Page = (program: Program, query: URLSearchParams) => Promise<string> | string;

const time = (ms: number) => new Date(ms).toISOString();

/** Build, runtime, and links to the other pages. */
export const servicez: Page = ({ build, startedUnixMs }) =>
  page(`Service ${build.command}`, [
    heading('Build Info'),
    table(
      [],
      [
        ['Command', build.command],
        ['Description', 'OpenTelemetry collector and tracing backend'],
        ['Version', build.version],
      ],
    ),
    heading('Runtime Info'),
    table(
      [],
      [
        ['StartTimestamp', time(startedUnixMs)],
        ['Node', process.version],
        ['OS', process.platform],
        ['Arch', process.arch],
      ],
    ),
    heading(link('pipelinez', {}, 'Pipelines')),
    heading(link('extensionz', {}, 'Extensions')),
    heading(link('featurez', {}, 'Features')),
  ]);

/** The configured part of one component. */
async function configOf(view: ProgramView, section: string, id: string): Promise<Html> {
  const config = JSON.parse(await view.config()) as Record<string, Record<string, unknown>>;
  const found = config[section]?.[id] ?? config.connectors?.[id];
  return preformatted(found === undefined ? 'not configured' : JSON.stringify(found, null, 2));
}

function statusTable(statuses: readonly InstanceStatus[]): Html {
  return table(
    ['Status', 'Since', 'Error'],
    statuses.map(({ status, sinceUnixMs, error }) => [status, time(sinceUnixMs), error]),
  );
}

const sections: Readonly<Record<string, string>> = {
  receiver: 'receivers',
  processor: 'processors',
  exporter: 'exporters',
  extension: 'extensions',
};

/** One component of a pipeline, or one extension. */
async function component(
  { view }: Program,
  kind: string,
  id: string,
  pipeline: string | undefined,
): Promise<string> {
  const statuses = view.statuses().filter((one) => {
    const sameKind = one.kind === kind || one.kind === 'connector';
    const there = pipeline === undefined || one.pipelines.includes(pipeline);
    return sameKind && one.id === id && there;
  });
  const where = pipeline === undefined ? '' : ` in pipeline ${pipeline}`;
  return page(`${kind} ${id}${where}`, [
    statusTable(statuses),
    heading('Configuration'),
    await configOf(view, sections[kind] ?? '', id),
  ]);
}

/** Pipelines and what is in them; `?zpipelinename&zcomponentname&zcomponentkind` shows one. */
export const pipelinez: Page = (program, query) => {
  const name = query.get('zpipelinename');
  const id = query.get('zcomponentname');
  const kind = query.get('zcomponentkind');
  if (name !== null && id !== null && kind !== null) return component(program, kind, id, name);
  const header = ['FullName', 'InputType', 'MutatesData', 'Receivers', 'Processors', 'Exporters'];
  const pipelines = program.view.pipelines().toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const rows = pipelines.map((pipeline) => {
    const list = (of: readonly string[], zcomponentkind: string) =>
      lines(
        of.map((zcomponentname) => {
          const isConnector = pipeline.connectors.includes(zcomponentname);
          const label = isConnector ? `${zcomponentname} (connector)` : zcomponentname;
          return link('', { zpipelinename: pipeline.id, zcomponentname, zcomponentkind }, label);
        }),
      );
    return [
      pipeline.id,
      pipeline.id.split('/')[0]!,
      String(pipeline.mutates),
      list(pipeline.receivers, 'receiver'),
      list(pipeline.processors, 'processor'),
      list(pipeline.exporters, 'exporter'),
    ];
  });
  return page('builtPipelines', [table(header, rows)]);
};

/** Extensions; `?zextensionname` shows one. */
export const extensionz: Page = (program, query) => {
  const name = query.get('zextensionname');
  if (name !== null) return component(program, 'extension', name, undefined);
  const rows = program.extensions.toSorted().map((id) => [link('', { zextensionname: id }, id)]);
  return page('Extensions', [table([], rows)]);
};

/** Feature gates. */
export const featurez: Page = ({ view }) =>
  page('Feature Gates', [
    table(
      ['ID', 'Enabled', 'Description', 'Stage', 'From Version', 'To Version', 'Reference URL'],
      view
        .gates()
        .map((gate) => [
          gate.id,
          String(gate.enabled),
          gate.description,
          gate.stage,
          gate.from,
          gate.to,
          gate.reference,
        ]),
    ),
  ]);
