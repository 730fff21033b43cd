import { Command, CommanderError } from 'commander';
import { errorText } from '../telemetry/error-text.ts';
import { readBuildInfo } from '../version.ts';
import { addAgent } from './agent.ts';

const collect = (value: string, before: string[]) => [...before, value];
const configHelp = 'configuration: a file, or scheme:value with file, env or yaml; repeatable';

/**
 * The command line. Faults are written to standard error as `Error: ...`.
 * @returns exit code: 0, or 1 for any fault
 */
export async function runCli(args: readonly string[]): Promise<number> {
  let code = 0;
  const program = createProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`Error: ${errorText(error)}\n`);
    return 1;
  }
}

function createProgram(done: (code: number) => void): Command {
  const build = readBuildInfo();
  const program = new Command(build.command)
    .description('OpenTelemetry-Collector-compatible gateway')
    .version(`${build.command} version ${build.version}`, '-v, --version')
    .helpOption('-h, --help')
    .option('--config <uri>', configHelp, collect, [])
    .option('--addresses', 'print the addresses to use once everything is ready')
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'Error: ')) })
    .exitOverride()
    .allowExcessArguments(true)
    .action(async (options: { config: string[]; addresses?: true }, command: Command) => {
      const [surplus] = command.args;
      if (surplus !== undefined) throw new Error(`unknown command ${JSON.stringify(surplus)}`);
      const { runGateway } = await import('./run.ts');
      done(await runGateway(options.config, { addresses: options.addresses === true }));
    });
  program
    .command('validate')
    .description('check a configuration without running it')
    .option('--config <uri>', configHelp, collect, [])
    .action(async (_own, command: Command) => {
      const { config } = command.optsWithGlobals<{ config: string[] }>();
      const { validateConfig } = await import('./validate.ts');
      await validateConfig(config);
    });
  program
    .command('components')
    .description('list the components of this program')
    .action(async () => {
      const { listComponents } = await import('./components.ts');
      process.stdout.write(await listComponents(build));
    });
  addClickHouse(program, done);
  addAgent(program, done);
  return program;
}

/** The embedded engine alone. */
function addClickHouse(program: Command, done: (code: number) => void): void {
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
