import type { Command } from 'commander';

const collect = (value: string, before: string[]) => [...before, value];

/** `agent`: what captured traffic shows, without a configuration. */
export function addAgent(program: Command, done: (code: number) => void): Command {
  const agent = program
    .command('agent')
    .description('print the requests and flows of capture files as tables')
    .option('--pcap <file>', 'pcap or pcapng file, perhaps gzipped; repeatable', collect, [])
    .action(async (options: { pcap: string[] }, command: Command) => {
      if (options.pcap.length === 0) {
        process.stdout.write(command.helpInformation());
        done(1);
        return;
      }
      const { printCaptures } = await import('./agent-pcap.ts');
      done(await printCaptures(options.pcap, process.stdout));
    });
  agent
    .command('status')
    .description('say what can be attached on this machine, what is off and why')
    .action(async () => {
      const { printStatus } = await import('./agent-status.ts');
      done(await printStatus(process.stdout));
    });
  return agent;
}
