import { Command, CommanderError } from 'commander';
import type { BuildInfo } from '../../component/settings.ts';
import { errorText } from '../telemetry/error-text.ts';
import { readBuildInfo } from '../version.ts';
import { addAgent } from './agent.ts';
import { usageError } from './errors.ts';
import { addSourceOptions, sourcesOf } from './sources.ts';

/** Called with the exit code of a command that has one of its own. */
type Done = (code: number) => void;

/**
 * The command line. Faults are written to standard error as `Error: ...`.
 * @returns exit code: 0, or 1 for any fault
 */
export async function runCli(args: readonly string[]): Promise<number> {
  let code = 0;
  try {
    const program = createProgram((result) => {
      code = result;
    });
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`Error: ${errorText(error)}\n`);
    return 1;
  }
}

/** The command line as a tree of commands; `done` gets exit codes. */
function createProgram(done: Done): Command {
  const build = readBuildInfo();
  const program = new Command(build.command)
    .description('OpenTelemetry-Collector-compatible gateway')
    .version(`${build.command} version ${build.version}`, '-v, --version', `version`)
    .helpOption('-h, --help')
    .configureOutput({ outputError: (text, write) => write(usageError(text)) })
    .exitOverride()
    .showSuggestionAfterError(false);
  addSourceOptions(program)
    .option('--addresses', 'print the addresses to use once everything is ready')
    .allowExcessArguments(true)
    .action(async (options: { addresses?: true }, command: Command) => {
      const [surplus] = command.args;
      if (surplus !== undefined) {
        const hint = `Run '${build.command} --help' for usage.`;
        throw new Error(
          `unknown command ${JSON.stringify(surplus)} for "${build.command}"\n${hint}`,
        );
      }
      const sources = sourcesOf(command);
      const { runGateway } = await import('./run.ts');
      done(await runGateway(sources, { addresses: options.addresses === true }));
    });
  addConfigCommands(program);
  addInfoCommands(program, build);
  addClickHouse(program, done);
  addAgent(program, done);
  for (const command of program.commands) command.allowExcessArguments(false);
  return program;
}

/** Commands that read a configuration and do not run it. */
function addConfigCommands(program: Command): void {
  program
    .command('validate')
    .description('check a configuration without running it')
    .action(async (_options, command: Command) => {
      const sources = sourcesOf(command);
      const { validateConfig } = await import('./validate.ts');
      await validateConfig(sources);
    });
  program
    .command('print-config')
    .alias('print-initial-config')
    .description('print the configuration as it is after merging, references and defaults')
    .option('--format <name>', 'yaml or json', 'yaml')
    .option('--mode <name>', 'redacted, or unredacted to show what is secret', 'redacted')
    .option('--validate [yes]', 'check references between components as well', boolean, true)
    .action(async (options: PrintOptions, command: Command) => {
      const sources = sourcesOf(command);
      const { printConfig } = await import('./print-config.ts');
      process.stdout.write(await printConfig(sources, options));
    });
  program
    .command('migrate')
    .description('rewrite older names and keys in configuration files, keeping their layout')
    .argument('<file...>', 'files of one configuration')
    .option('--check', 'only say what would be changed; exit code 1 when there is something')
    .action(async (files: string[], options: { check?: true }) => {
      const { migrateFiles } = await import('./migrate.ts');
      const found = await migrateFiles(files, options.check !== true, process.stdout);
      if (found && options.check === true) throw new CommanderError(1, 'migrate', '');
    });
}

interface PrintOptions {
  readonly format: string;
  readonly mode: string;
  readonly validate: boolean;
}

function boolean(text: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw new Error(`invalid argument ${JSON.stringify(text)} for "--validate" flag: not a boolean`);
}

/** Commands that tell of the program itself. */
function addInfoCommands(program: Command, build: BuildInfo): void {
  program
    .command('components')
    .description('list the components of this program and their stability')
    .action(async () => {
      const { listComponents } = await import('./components.ts');
      process.stdout.write(await listComponents(build));
    });
  program
    .command('featuregate')
    .description('list feature gates, or tell of one')
    .argument('[id]', 'feature gate')
    .action(async (id: string | undefined, _options, command: Command) => {
      const { featureGates } = command.optsWithGlobals();
      const { describeGates } = await import('../config/gates.ts');
      process.stdout.write(describeGates(featureGates, id));
    });
  program
    .command('schema')
    .description('print the JSON Schema of configurations, for editors')
    .action(async () => {
      const { printSchema } = await import('./schema.ts');
      process.stdout.write(await printSchema());
    });
  program
    .command('completion')
    .description('print the completion script for a shell')
    .argument('<shell>', 'bash, zsh, fish or powershell')
    .action(async (shell: string) => {
      const { completionScript } = await import('./completion.ts');
      process.stdout.write(completionScript(shell, program));
    });
}

/** The embedded engine alone. */
function addClickHouse(program: Command, done: Done): void {
  program
    .command('clickhouse')
    .description('run the embedded ClickHouse alone')
    .requiredOption('--path <dir>', 'directory of its data')
    .option('--listen <address>', 'host:port of its HTTP interface', '127.0.0.1:8123')
    .option('--memory-mib <number>', 'bound of its memory in MiB', positiveInteger)
    .action(async (options: { path: string; listen: string; memoryMib?: number }) => {
      const { runClickHouse } = await import('./clickhouse.ts');
      done(await runClickHouse(options));
    });
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`expected a number of MiB, got ${text}`);
  return Number(text);
}
