import { type OttlValue, typeName } from '../../../values.ts';
import { printValue, type Spec } from './printer.ts';

/** A width or precision beyond this is not one. */
const maxNumber = 1_000_000;

/** One directive of a format. A number of -1 stands for `*`. */
interface Directive {
  readonly flags: string;
  readonly index: string | undefined;
  readonly width: string | undefined;
  readonly precision: string | undefined;
  readonly verb: string | undefined;
}

const directive =
  /%([-+# 0]*)(\[[^\]]*\])?(\*|[0-9]+)?(?:(\.)(\[[^\]]*\])?(\*|[0-9]*))?(\[[^\]]*\])?([\s\S])?/gu;

/** Formats arguments as Go's fmt.Sprintf does, faults included: `%!d(string=x)`. */
export function sprintf(format: string, args: readonly OttlValue[]): string {
  return new Printer(args).print(format);
}

class Printer {
  private readonly args: readonly OttlValue[];
  private at = 0;
  private reordered = false;
  private badIndex = false;

  constructor(args: readonly OttlValue[]) {
    this.args = args;
  }

  print(format: string): string {
    const out = format.replace(
      directive,
      (_, flags: string, first, width, point, second, precision, third, verb) => {
        const found = { flags, index: third, width, precision, verb } as Directive;
        return this.one(found, first as string, point !== undefined, second as string);
      },
    );
    if (this.reordered || this.at >= this.args.length) return out;
    const extra = this.args.slice(this.at).map((value) => {
      if (value === null) return '<nil>';
      const type = Array.isArray(value) ? '[]interface {}' : typeName(value);
      return `${type}=${printValue(value, 'v', { flags: '', width: undefined, precision: undefined })}`;
    });
    return `${out}%!(EXTRA ${extra.join(', ')})`;
  }

  /** Moves to the argument of `[n]`. */
  private jump(index: string | undefined): void {
    if (index === undefined) return;
    this.reordered = true;
    const n = /^\[([0-9]{1,6})\]$/.test(index) ? Number(index.slice(1, -1)) : 0;
    if (n < 1 || n > this.args.length) this.badIndex = true;
    else this.at = n - 1;
  }

  /** A width or precision from the text or, for `*`, from the arguments. */
  private number(text: string | undefined): number | 'bad' | undefined {
    if (text === undefined) return undefined;
    if (text !== '*') return Number(text) > maxNumber ? undefined : Number(text);
    const value = this.args[this.at];
    this.at += 1;
    if (typeof value !== 'bigint' || value > maxNumber || value < -maxNumber) return 'bad';
    return Number(value);
  }

  private one(
    { flags, index, width, precision, verb }: Directive,
    widthIndex: string | undefined,
    hasPoint: boolean,
    precisionIndex: string | undefined,
  ): string {
    this.badIndex = false;
    let own = flags;
    let prefix = '';
    this.jump(widthIndex);
    let columns = this.number(width);
    if (columns === 'bad') {
      prefix += '%!(BADWIDTH)';
      columns = undefined;
    } else if (columns !== undefined && columns < 0) {
      columns = -columns;
      own += '-';
    }
    this.jump(precisionIndex);
    let digits = hasPoint ? this.number(precision === '' ? '0' : precision) : undefined;
    if (digits === 'bad' || (digits !== undefined && digits < 0)) {
      if (digits === 'bad') prefix += '%!(BADPREC)';
      digits = undefined;
    }
    this.jump(index);
    if (verb === undefined) return `${prefix}%!(NOVERB)`;
    if (verb === '%') return `${prefix}%`;
    if (this.badIndex) return `${prefix}%!${verb}(BADINDEX)`;
    if (this.at >= this.args.length) return `${prefix}%!${verb}(MISSING)`;
    const value = this.args[this.at]!;
    this.at += 1;
    const spec: Spec = { flags: own, width: columns, precision: digits };
    return prefix + printValue(value, verb, spec);
  }
}
