import type {
  ConfigCheckAnswer,
  ConfigRemark,
} from '../../../../../query/web/contract/pipelines.ts';
import { Button } from '../../../parts/button.tsx';
import { visibleText } from '../../../parts/visible-text.ts';
import styles from './check-tab.module.css';

export interface RemarksProps {
  readonly answer: ConfigCheckAnswer;
  readonly onJump: (remark: ConfigRemark) => void;
  /** Undefined where the suggestion cannot be taken. */
  readonly fixOf: (remark: ConfigRemark) => (() => void) | undefined;
}

/** What was found in a text: a click leads to the place. */
export function Remarks({ answer, ...rest }: RemarksProps) {
  return (
    <>
      <List title="Faults" look="fault" remarks={answer.faults} {...rest} />
      <List title="Warnings" look="warning" remarks={answer.warnings} {...rest} />
      <List title="Not checked" look="unchecked" remarks={answer.unchecked} {...rest} />
    </>
  );
}

function List({
  title,
  look,
  remarks,
  onJump,
  fixOf,
}: Omit<RemarksProps, 'answer'> & {
  title: string;
  look: 'fault' | 'warning' | 'unchecked';
  remarks: readonly ConfigRemark[];
}) {
  if (remarks.length === 0) return null;
  return (
    <section className={styles.remarks} aria-label={title}>
      <h2>
        {title} ({remarks.length})
      </h2>
      <ul data-testid={`config-${look}s`}>
        {remarks.map((remark) => {
          const fix = fixOf(remark);
          const { line, column, path, message, suggestion } = remark;
          return (
            <li key={`${line} ${column} ${path} ${message}`} className={styles[look]}>
              <button type="button" className={styles.jump} onClick={() => onJump(remark)}>
                <span className={styles.place}>
                  {line}:{column}
                </span>
                <span className={styles.message}>
                  {path !== '' && <span className={styles.path}>{visibleText(path)}</span>}
                  {visibleText(message)}
                </span>
              </button>
              {fix !== undefined && (
                <Button look="quiet" onClick={fix}>
                  Use “{suggestion}”
                </Button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
