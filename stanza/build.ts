import { z } from 'zod';
import type { Value } from '../expr/index.ts';
import type { Entry } from './entry/entry.ts';
import { type Field, getField, printField, setField } from './entry/field.ts';
import { entryCondition } from './expressions.ts';
import { at, below, OperatorFault } from './fault.ts';
import {
  type Common,
  FunctionOperator,
  type OnError,
  type OperatorPlan,
  type Surroundings,
} from './operator.ts';
import { field, transformerKeys } from './schema.ts';
import { severityParser, severitySection } from './severity-parser.ts';
import { needField, timeParser, timeSection } from './time/time-parser.ts';
import { traceParser, traceSection } from './trace-parser.ts';

/** Decodes and checks the section of one operator. @throws OperatorFault */
export type OperatorBuilder = (section: unknown) => OperatorPlan;

/** The decoded keys that all operators with a condition have. */
export interface CommonConfig {
  readonly type: string;
  readonly id?: string | undefined;
  readonly output?: string[] | undefined;
  readonly on_error: string;
  readonly if: string;
}

/** Decodes a section. @throws OperatorFault with the first fault */
export function decodeSection<T>(schema: z.ZodType<T>, section: unknown): T {
  const parsed = schema.safeParse(section);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
  const where = path.length === 0 ? '' : `'${path.join('.')}': `;
  throw new OperatorFault(`${where}${issue.message}`, path);
}

/** Keys of a section that an object schema does not know. */
export function unknownKeysOf(schema: z.ZodObject, section: unknown): string[] {
  return Object.keys(section as object).filter((key) => !Object.hasOwn(schema.shape, key));
}

const onErrors: readonly string[] = ['send', 'send_quiet', 'drop', 'drop_quiet'];

/** Checks condition and error mode. @throws OperatorFault */
export function commonOf(config: CommonConfig): Common {
  if (!onErrors.includes(config.on_error)) {
    throw new OperatorFault(
      `operator config has an invalid \`on_error\` field ${JSON.stringify(config.on_error)}: one of send, send_quiet, drop, drop_quiet`,
      ['on_error'],
    );
  }
  return {
    onError: config.on_error as OnError,
    condition: config.if === '' ? undefined : at('if', () => entryCondition(config.if)),
  };
}

/** The parts of a plan that come from the configuration. */
export function identity(config: {
  type: string;
  id?: string | undefined;
  output?: string[] | undefined;
}) {
  const { type, id, output } = config;
  return { type, id: id === undefined || id === '' ? type : id, outputIds: output };
}

type Run = (entry: Entry, around: Surroundings) => void;

/**
 * A builder of operators that treat entries one by one.
 * @param keys its own keys, beside id, type, output, on_error and if
 * @param make checks the decoded section; gives what is done with an entry
 */
export function transformer<Shape extends z.ZodRawShape>(
  keys: Shape,
  make: (config: z.output<z.ZodObject<typeof transformerKeys & Shape>>) => Run,
): OperatorBuilder {
  const schema = z.looseObject({ ...transformerKeys, ...keys });
  return (section) => {
    const config = decodeSection(schema as unknown as z.ZodType<CommonConfig>, section);
    const common = commonOf(config);
    const run = make(config as Parameters<typeof make>[0]);
    return {
      ...identity(config),
      unknownKeys: unknownKeysOf(schema, section),
      create: (id, outputIds, around) => new FunctionOperator(id, outputIds, around, common, run),
    };
  };
}

/** Keys of operators that parse one field into another. */
export const parserKeys = {
  parse_from: field().prefault('body'),
  parse_to: field(true).prefault('attributes'),
  body: field().optional(),
  timestamp: timeSection(),
  severity: severitySection(),
  trace: traceSection(),
  scope_name: z.looseObject({ parse_from: field() }).optional(),
};

const parserObject = z.looseObject(parserKeys);

/** Keys of every operator that parses, decoded. */
export type ParserConfig = z.output<typeof parserObject>;

/** Parses one value. @throws Error that says why it cannot */
export type Parse = (value: Value, entry: Entry) => Value;

/** Sets the scope's name from a field. */
export function scopeNameParser(from: Field): (entry: Entry) => void {
  return (entry) => {
    const value = needField(entry, from);
    if (typeof value !== 'string') {
      throw new Error(`parse_from field ${printField(from)} does not contain a string`);
    }
    entry.scopeName = value;
  };
}

/**
 * Checks the keys that parsers share.
 * @returns parses an entry, puts the result where it belongs, then time, severity, trace and scope
 * @throws OperatorFault
 */
export function parserRun(config: ParserConfig, parse: Parse, parserTime?: Run): Run {
  const { parse_from: from, parse_to: to, body } = config;
  if (body !== undefined && to.root === 'body' && to.keys.length === 0) {
    throw new OperatorFault('`parse_to: body` not allowed when `body` is configured', ['parse_to']);
  }
  const { timestamp, severity, trace, scope_name: scope } = config;
  const steps: [string, Run][] = [];
  if (timestamp !== undefined) {
    const read = below(['timestamp'], () => timeParser(timestamp));
    steps.push(['time parser', (entry, { clock }) => read(entry, clock.unixMs())]);
  } else if (parserTime !== undefined) steps.push(['time parser', parserTime]);
  if (severity !== undefined) {
    steps.push(['severity parser', below(['severity'], () => severityParser(severity))]);
  }
  if (trace !== undefined) steps.push(['trace parser', traceParser(trace)]);
  if (scope !== undefined) steps.push(['scope_name parser', scopeNameParser(scope.parse_from)]);
  return (entry, around) => {
    const value = getField(entry, from);
    if (value === undefined) {
      throw new Error(`Entry is missing the expected parse_from field ${printField(from)}`);
    }
    const parsed = parse(value, entry);
    try {
      setField(entry, to, parsed);
    } catch (error) {
      throw new Error(`set parse_to: ${(error as Error).message}`);
    }
    if (body !== undefined) {
      const found = getField(entry, body);
      if (found !== undefined) entry.body = found;
    }
    runAll(steps, entry, around);
  };
}

/** Every step is tried; the first that failed is told. */
function runAll(steps: readonly [string, Run][], entry: Entry, around: Surroundings): void {
  let fault: Error | undefined;
  for (const [name, step] of steps) {
    try {
      step(entry, around);
    } catch (error) {
      fault ??= new Error(`${name}: ${(error as Error).message}`);
    }
  }
  if (fault !== undefined) throw fault;
}

/** A builder of parsers. @param make checks the parser's own keys and gives what parses a value */
export function parser<Shape extends z.ZodRawShape>(
  keys: Shape,
  make: (config: z.output<z.ZodObject<Shape>>) => Parse,
): OperatorBuilder {
  return transformer({ ...parserKeys, ...keys }, (config) =>
    parserRun(
      config as unknown as ParserConfig,
      make(config as unknown as z.output<z.ZodObject<Shape>>),
    ),
  );
}
