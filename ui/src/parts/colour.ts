/** A colour for each service, the same in every screen and every session. */

const hues = [172, 212, 262, 318, 28, 48, 88, 142, 192, 232, 288, 340, 8, 62, 108, 156];

/** Index of a name's colour: FNV-1a of its UTF-16 code units. */
function slot(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) {
    hash ^= name.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) % (hues.length * 2);
}

/**
 * CSS colour of a service's bars and dots; on both themes' surfaces it reaches a contrast of 3.
 * @param dark whether the page is dark
 */
export function serviceColour(name: string, dark: boolean): string {
  const n = slot(name);
  const hue = hues[n % hues.length];
  const pale = n >= hues.length;
  if (dark) return `hsl(${hue} ${pale ? 42 : 62}% ${pale ? 68 : 58}%)`;
  return `hsl(${hue} ${pale ? 38 : 60}% ${pale ? 46 : 38}%)`;
}

/** Whether the page is shown dark now. */
export function isDark(): boolean {
  return document.documentElement.dataset.theme === 'dark';
}
