import type { RowCollapse } from '../../../../query/web/contract/trace.ts';
import { Button } from '../../parts/button.tsx';
import styles from './waterfall.module.css';

interface CollapseButtonsProps {
  /** Levels that the tree has. */
  readonly depth: number;
  readonly collapse: RowCollapse;
  readonly setCollapse: (collapse: RowCollapse) => void;
}

/** Opens and shuts the tree by levels. */
export function CollapseButtons({ depth, collapse, setCollapse }: CollapseButtonsProps) {
  const shown = Math.min(collapse.depth ?? depth - 1, depth - 1);
  const set = (levels: number) => {
    if (levels >= depth - 1) setCollapse({ toggled: [] });
    else setCollapse({ depth: Math.max(0, levels), toggled: [] });
  };
  if (depth < 2) return <div />;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    <div className={styles.levels} role="group" aria-label="Levels of the tree">
      <Button
        look="quiet"
        title="Shut all"
        aria-label="Shut all rows"
        onClick={() => set(0)}
        disabled={shown === 0 && collapse.toggled.length === 0}
      >
        «
      </Button>
      <Button
        look="quiet"
        title="One level less"
        aria-label="One level less"
        onClick={() => set(shown - 1)}
        disabled={shown === 0}
      >
        ‹
      </Button>
      <span className={styles.level} aria-live="polite">
        {shown + 1} of {depth} levels
      </span>
      <Button
        look="quiet"
        title="One level more"
        aria-label="One level more"
        onClick={() => set(shown + 1)}
        disabled={shown >= depth - 1}
      >
        ›
      </Button>
      <Button
        look="quiet"
        title="Open all"
        aria-label="Open all rows"
        onClick={() => setCollapse({ toggled: [] })}
        disabled={shown >= depth - 1 && collapse.toggled.length === 0}
      >
        »
      </Button>
    </div>
  );
}
