import { baseName, cleanText } from './text.ts';

/** What runs a program; `native` = none of these. */
export type Runtime =
  | 'nodejs'
  | 'cpython'
  | 'java'
  | 'go'
  | 'ruby'
  | 'php'
  | 'dotnet'
  | 'perl'
  | 'shell'
  | 'native';

const interpreters: readonly (readonly [pattern: RegExp, runtime: Runtime])[] = [
  [/^(node|nodejs|electron)$/, 'nodejs'],
  [/^(python|pypy)[\d.]*$/, 'cpython'],
  [/^(java|javaw)$/, 'java'],
  [/^(ruby|jruby)[\d.]*$/, 'ruby'],
  [/^php([\d.]*|-cgi[\d.]*|-fpm[\d.]*|[\d.]*-fpm)$/, 'php'],
  [/^dotnet$/, 'dotnet'],
  [/^perl[\d.]*$/, 'perl'],
  [/^(ba|da|z|k|a)?sh$/, 'shell'],
];

/** The interpreter that an executable of this name is; `native` when it is none. */
export function interpreterOf(executable: string): Runtime {
  return interpreters.find(([pattern]) => pattern.test(executable))?.[1] ?? 'native';
}

/** Options whose value is an argument of its own, by runtime. */
const withValue: Readonly<Partial<Record<Runtime, RegExp>>> = {
  nodejs: /^(-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--env-file)$/,
  cpython: /^(-W|-X|--check-hash-based-pycs)$/,
  java: /^(-cp|-classpath|--class-path|-p|--module-path|--add-modules|--add-opens|--add-exports|--add-reads|--upgrade-module-path|--source)$/,
  ruby: /^(-r|-I|-C|-E)$/,
  php: /^(-c|-d|-z|-S|-t)$/,
  dotnet: /^(--additionalprobingpath|--depsfile|--runtimeconfig|--fx-version|--roll-forward)$/,
  perl: /^(-I|-M)$/,
  shell: /^(-o|-O|--rcfile|--init-file)$/,
};

/** Options with which the program is text in the command line, or comes from elsewhere. */
const noScript: Readonly<Partial<Record<Runtime, RegExp>>> = {
  nodejs: /^(-e|--eval|-p|--print|-i|--interactive)$/,
  cpython: /^-[a-zA-Z]*c$/,
  ruby: /^-e$/,
  php: /^(-r|-B|-R|-F|-E|-a)$/,
  perl: /^-[a-z]*e$/i,
  shell: /^-[a-z]*[cs]$/,
};

/** Names of files that say nothing without their folder. */
const general = /^(index|main|__main__|app|start|run)$/;
/** Folders that say nothing either. */
const generalFolder =
  /^(|\.|\.\.|src|dist|build|out|lib|bin|app|apps|code|opt|srv|usr|home|root|tmp|work|workspace)$/;

/**
 * What an interpreter runs: script, module, jar or class, without folder and ending. A file of a
 * general name (`index.js`) is called by its folder, where that one says more.
 * @param args the command line
 * @param folder working directory, for scripts that are given without one; '' = not known
 * @returns '' when the command line does not say
 */
function programOf(runtime: Runtime, args: readonly string[], folder: string): string {
  const values = withValue[runtime];
  const none = noScript[runtime];
  for (let i = 1; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === '--') continue;
    if (runtime === 'java' && arg === '-jar') return jarName(args[i + 1] ?? '');
    if (runtime === 'java' && (arg === '-m' || arg === '--module'))
      return className(args[i + 1] ?? '');
    if (runtime === 'cpython' && /^-[a-zA-Z]*m$/.test(arg)) return moduleName(args[i + 1] ?? '');
    if (runtime === 'dotnet' && arg === 'exec') continue;
    if (none?.test(arg)) return '';
    if (values?.test(arg)) i++;
    else if (!arg.startsWith('-') && !(runtime === 'java' && arg.startsWith('@'))) {
      return runtime === 'java' ? className(arg) : scriptName(arg, folder);
    }
  }
  return '';
}

function scriptName(path: string, folder: string): string {
  if (/^\/(dev|proc\/self)\/fd\//.test(path) || path === '-') return '';
  const name = withoutEnding(baseName(path));
  if (!general.test(name)) return name;
  const full = path.startsWith('/') ? path : `${folder}/${path}`;
  const parts = full.split('/').slice(0, -1);
  const telling = parts.findLast((part) => !generalFolder.test(part));
  return telling ?? name;
}

function withoutEnding(name: string): string {
  return name.replace(/(?<=.)\.(c|m)?(js|ts|py|pyc|pyz|rb|php|pl|sh|dll|exe|jar|war)$/i, '');
}

/** `shop-1.4.2-SNAPSHOT.jar` is `shop`. */
function jarName(path: string): string {
  return withoutEnding(baseName(path)).replace(/(?<=.)[-_]v?\d+(\.\d+)*([.-][\w.]+)?$/, '');
}

/** `com.example/com.example.Shop` is `Shop`, `gunicorn.__main__` is `gunicorn`. */
function className(text: string): string {
  const name = baseName(text);
  return /\.(jar|java)$/.test(name)
    ? jarName(name.replace(/\.java$/, ''))
    : name.split('.').at(-1)!;
}

function moduleName(text: string): string {
  return text.replace(/\.__main__$/, '');
}

/**
 * The name that a process has by its executable: of an interpreter what it runs, else the file's
 * name. Programs that write their state over their arguments (`gunicorn: worker [shop]`) leave
 * the part before the colon.
 * @param executable name of the file, '' = not known
 */
export function executableName(
  runtime: Runtime,
  executable: string,
  args: readonly string[],
  folder: string,
): string {
  const script = ['native', 'go'].includes(runtime) ? '' : programOf(runtime, args, folder);
  if (script !== '') return cleanText(script, 256);
  const title =
    args.filter((arg) => arg !== '').length === 1 ? /^([\w.-]+): /.exec(args[0]!) : null;
  const written = title?.[1] ?? '';
  if (runtime !== 'native' && written !== '' && written !== executable) return written;
  return cleanText(executable === '' ? written : executable, 256);
}
