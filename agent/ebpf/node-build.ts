import { openElf, type ReadAt } from './elf.ts';

/** What is needed to follow async ids in one build of Node. */
export interface NodeBuild {
  /** File offsets of node::InternalCallbackScope's constructor and node::AsyncWrap::AsyncReset. */
  readonly callbackOffset: number;
  readonly resetOffset: number;
  /** Register that holds the async_context: 1 = rcx, 2 = r8. */
  readonly contextRegister: 1 | 2;
  /** Offset in node::Environment of the pointer to the async id fields. */
  readonly fieldsOffset: number;
}

const SCOPE = '_ZN4node21InternalCallbackScopeC2EPNS_11Environment';
/** The constructor's forms: a Local takes one register, a variant of two takes two. */
const CALLBACKS: ReadonlyMap<string, 1 | 2> = new Map([
  [
    `${SCOPE}ESt7variantIJN2v85LocalINS4_6ObjectEEEPS7_EERKNS_13async_contextEiNS5_INS4_5ValueEEE`,
    2,
  ],
  [`${SCOPE}EN2v85LocalINS3_6ObjectEEERKNS_13async_contextEiNS4_INS3_5ValueEEE`, 1],
  [`${SCOPE}EN2v85LocalINS3_6ObjectEEERKNS_13async_contextEi`, 1],
]);
const RESET = '_ZN4node9AsyncWrap10AsyncResetEN2v85LocalINS1_6ObjectEEEd';
/** Returns the execution async id of an isolate: its code tells where the fields are. */
const EXECUTION_ID = '_ZN4node29AsyncHooksGetExecutionAsyncIdEPN2v87IsolateE';

/** The same, or why chains of this build cannot be followed. */
export type NodeBuildResult = { readonly build: NodeBuild } | { readonly why: string };

/** Finds out, from symbols and code of a Node executable, how its async ids can be read. */
export async function readNodeBuild(read: ReadAt): Promise<NodeBuildResult> {
  const elf = await openElf(read);
  if (elf === undefined) return { why: 'not an ELF file of 64 bits' };
  if (elf.machine !== 'x64') return { why: `not known how on ${elf.machine || 'this machine'}` };
  const names = new Set([...CALLBACKS.keys(), RESET, EXECUTION_ID]);
  const symbols = await elf.symbols(names);
  const reset = symbols.get(RESET);
  const execution = symbols.get(EXECUTION_ID);
  for (const [name, contextRegister] of CALLBACKS) {
    const callback = symbols.get(name);
    if (callback === undefined || reset === undefined || execution === undefined) continue;
    const code = await read(execution.fileOffset, Math.min(execution.size, 1024));
    const fieldsOffset = fieldsOffsetIn(code);
    if (fieldsOffset === undefined)
      return { why: 'its code that reads async ids has another form' };
    return {
      build: {
        callbackOffset: callback.fileOffset,
        resetOffset: reset.fileOffset,
        contextRegister,
        fieldsOffset,
      },
    };
  }
  return { why: symbols.size === 0 ? 'it has no symbols' : 'its functions have another form' };
}

/**
 * The displacement of `mov disp32(reg), %rax` before `movsd (%rax), %xmm0`.
 * @returns undefined unless there is exactly one
 */
export function fieldsOffsetIn(code: Buffer): number | undefined {
  const load = code.indexOf(Buffer.from([0xf2, 0x0f, 0x10, 0x00]));
  if (load < 0) return undefined;
  const found: number[] = [];
  for (let at = Math.max(0, load - 32); at + 7 <= load; at++) {
    const rex = code[at]!;
    const modrm = code[at + 2]!;
    if ((rex !== 0x48 && rex !== 0x49) || code[at + 1] !== 0x8b || (modrm & 0xf8) !== 0x80)
      continue;
    const scaled = (modrm & 7) === 4;
    const displacement = code.readInt32LE(at + (scaled ? 4 : 3));
    if (displacement >= 64 && displacement < 1 << 16 && displacement % 8 === 0) {
      found.push(displacement);
    }
  }
  return found.length === 1 ? found[0] : undefined;
}
