import { type ReactNode, useEffect, useState } from 'react';
import { useInfo } from '../api/info.ts';
import { href, Link } from './router.tsx';
import { screens } from './screens.tsx';
import styles from './shell.module.css';
import { chooseTheme, type Theme, theme, themeEvent } from './theme.ts';

/** The bar at the top and what is below it. */
export function Shell({ active, children }: { active: string; children: ReactNode }) {
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#main">
        Skip to content
      </a>
      <header className={styles.bar}>
        <Link className={styles.brand} to={href('/traces')}>
          <img src="./icon.svg" alt="" width="22" height="22" />
          Wirestitch
        </Link>
        <nav className={styles.nav} aria-label="Screens">
          {screens
            .filter(({ label }) => label !== '')
            .map(({ path, label }) => (
              <Link key={path} to={href(path)} aria-current={path === active ? 'page' : undefined}>
                {label}
              </Link>
            ))}
        </nav>
        <Version />
        <ThemeButton />
      </header>
      <main id="main" className={styles.main} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function Version() {
  const { data, error } = useInfo();
  if (error !== undefined) {
    return (
      <span className={styles.down} role="status">
        no answer from the program
      </span>
    );
  }
  return <span className={styles.version}>{data === undefined ? '' : `v${data.version}`}</span>;
}

const next: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const signs: Readonly<Record<Theme, string>> = { system: '◐', light: '☀', dark: '☾' };

function ThemeButton() {
  const [chosen, setChosen] = useState(theme);
  useEffect(() => {
    const changed = () => setChosen(theme());
    window.addEventListener(themeEvent, changed);
    return () => window.removeEventListener(themeEvent, changed);
  }, []);
  const label = `Theme: ${chosen}. Change to ${next[chosen]}`;
  return (
    <button
      type="button"
      className={styles.theme}
      aria-label={label}
      title={label}
      onClick={() => {
        chooseTheme(next[chosen]);
        setChosen(next[chosen]);
      }}
    >
      {signs[chosen]}
    </button>
  );
}
