/** Colours and fonts of the page's theme, as a canvas takes them. */
import { isDark, serviceColour } from '../../../parts/colour.ts';

export interface Palette {
  readonly dark: boolean;
  readonly ink: string;
  readonly ink2: string;
  readonly ink3: string;
  readonly surface: string;
  readonly surface2: string;
  readonly hover: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly accent: string;
  readonly accentSoft: string;
  readonly warnSoft: string;
  readonly warnBar: string;
  readonly error: string;
  readonly errorBar: string;
  readonly critical: string;
  readonly font: string;
  readonly smallFont: string;
  readonly badgeFont: string;
  /** By number of the service. */
  readonly services: readonly string[];
}

export function readPalette(services: readonly string[]): Palette {
  const style = getComputedStyle(document.documentElement);
  const value = (name: string) => style.getPropertyValue(name).trim();
  const dark = isDark();
  const family = value('--font');
  return {
    dark,
    ink: value('--ink'),
    ink2: value('--ink-2'),
    ink3: value('--ink-3'),
    surface: value('--surface'),
    surface2: value('--surface-2'),
    hover: value('--surface-hover'),
    line: value('--line'),
    lineStrong: value('--line-strong'),
    accent: value('--accent'),
    accentSoft: value('--accent-soft'),
    warnSoft: value('--warn-soft'),
    warnBar: value('--warn-bar'),
    error: value('--error'),
    errorBar: value('--error-bar'),
    critical: value('--critical'),
    font: `13px ${family}`,
    smallFont: `11px ${family}`,
    badgeFont: `600 9px ${family}`,
    services: services.map((name) => serviceColour(name, dark)),
  };
}
