import type { Command } from 'commander';

/** Commands and flags of the program, for completion. */
interface Words {
  readonly name: string;
  readonly commands: readonly { readonly name: string; readonly text: string }[];
  readonly flags: readonly string[];
}

/** The completion script for a shell. @throws Error for a shell that is not known */
export function completionScript(shell: string, program: Command): string {
  const write = scripts[shell];
  if (write === undefined) {
    const known = Object.keys(scripts).join(', ');
    throw new Error(`unknown shell ${JSON.stringify(shell)}; shells are ${known}`);
  }
  const commands = program.commands.map((command) => ({
    name: command.name(),
    text: command.description().replaceAll("'", ''),
  }));
  const options = [program, ...program.commands].flatMap((command) => command.options);
  const flags = options.flatMap(({ long }) => (long === null || long === undefined ? [] : [long]));
  return write({ name: program.name(), commands, flags: [...new Set([...flags, '--help'])] });
}

const scripts: Readonly<Record<string, (words: Words) => string>> = {
  bash: ({ name, commands, flags }) => `# bash completion for ${name}
_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}"
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "${flags.join(' ')}" -- "$current"))
  elif [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${commands.map((c) => c.name).join(' ')}" -- "$current"))
  fi
}
complete -o default -F _${name} ${name}
`,
  zsh: ({ name, commands, flags }) => `#compdef ${name}
_${name}() {
  local -a commands=(${commands.map((c) => `'${c.name}:${c.text}'`).join(' ')})
  if [[ $PREFIX == -* ]]; then
    compadd -- ${flags.join(' ')}
  elif (( CURRENT == 2 )); then
    _describe command commands
  else
    _files
  fi
}
compdef _${name} ${name}
`,
  fish: ({ name, commands, flags }) =>
    `# fish completion for ${name}\n${commands
      .map((c) => `complete -c ${name} -n __fish_use_subcommand -a ${c.name} -d '${c.text}'\n`)
      .join('')}${flags.map((flag) => `complete -c ${name} -l ${flag.slice(2)}\n`).join('')}`,
  powershell: ({ name, commands, flags }) => `# PowerShell completion for ${name}
Register-ArgumentCompleter -Native -CommandName ${name} -ScriptBlock {
  param($word)
  @(${[...commands.map((c) => c.name), ...flags].map((word) => `'${word}'`).join(', ')}) |
    Where-Object { $_ -like "$word*" }
}
`,
};
