/** What keys do in the waterfall. Pure. */

export type KeyAction =
  | 'down'
  | 'up'
  | 'page-down'
  | 'page-up'
  | 'first'
  | 'last'
  | 'expand'
  | 'collapse'
  | 'open'
  | 'close'
  | 'find'
  | 'next-match'
  | 'previous-match'
  | 'next-error'
  | 'previous-error'
  | 'zoom-in'
  | 'zoom-out'
  | 'zoom-all'
  | 'zoom-span'
  | 'pan-left'
  | 'pan-right'
  | 'help';

interface Binding {
  /** Values of KeyboardEvent.key. */
  readonly keys: readonly string[];
  readonly action: KeyAction;
  readonly text: string;
}

export const bindings: readonly Binding[] = [
  { keys: ['ArrowDown', 'j'], action: 'down', text: 'Next row' },
  { keys: ['ArrowUp', 'k'], action: 'up', text: 'Previous row' },
  { keys: ['PageDown'], action: 'page-down', text: 'A page down' },
  { keys: ['PageUp'], action: 'page-up', text: 'A page up' },
  { keys: ['Home'], action: 'first', text: 'First row' },
  { keys: ['End'], action: 'last', text: 'Last row' },
  { keys: ['ArrowRight'], action: 'expand', text: 'Open the row, or go to its first child' },
  { keys: ['ArrowLeft'], action: 'collapse', text: 'Shut the row, or go to its parent' },
  { keys: ['Enter', ' '], action: 'open', text: 'Details of the span' },
  { keys: ['Escape'], action: 'close', text: 'Close the details' },
  { keys: ['/'], action: 'find', text: 'Find in the trace' },
  { keys: ['n'], action: 'next-match', text: 'Next match' },
  { keys: ['p', 'N'], action: 'previous-match', text: 'Previous match' },
  { keys: ['e'], action: 'next-error', text: 'Next error' },
  { keys: ['E'], action: 'previous-error', text: 'Previous error' },
  { keys: ['z', '+'], action: 'zoom-in', text: 'Closer, around the row' },
  { keys: ['x', '-'], action: 'zoom-out', text: 'Further away' },
  { keys: ['s'], action: 'zoom-span', text: 'As long as the row' },
  { keys: ['0'], action: 'zoom-all', text: 'The whole trace' },
  { keys: ['['], action: 'pan-left', text: 'To earlier' },
  { keys: [']'], action: 'pan-right', text: 'To later' },
  { keys: ['?'], action: 'help', text: 'This list' },
];

interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** Undefined for keys that are the browser's. */
export function keyAction({ key, ctrlKey, metaKey, altKey }: KeyPress): KeyAction | undefined {
  if (ctrlKey || metaKey || altKey) return undefined;
  return bindings.find(({ keys }) => keys.includes(key))?.action;
}

/** Whether keys belong to an element: text is typed there, or it is pressed by Enter. */
export function isTyping(target: EventTarget | null): boolean {
  const name = (target as { tagName?: string } | null)?.tagName ?? '';
  return ['INPUT', 'TEXTAREA', 'SELECT', 'BUTTON', 'A'].includes(name);
}
