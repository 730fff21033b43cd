import type { ServiceType } from '../../../../query/web/contract/services.ts';
import { typeNames } from './words.ts';

/** Outlines on a square of 16. */
const outlines: Readonly<Record<ServiceType, string>> = {
  service: 'M8 1.8 13.5 5v6L8 14.2 2.5 11V5z',
  database: 'M2.5 4c0-3 11-3 11 0v8c0 3-11 3-11 0zM2.5 4c0 3 11 3 11 0M2.5 8c0 3 11 3 11 0',
  queue: 'M2 4.5h12v7H2zM6 4.5v7M10 4.5v7',
  external: 'M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2M2 8h12M8 2c-4 3.5-4 8.5 0 12M8 2c4 3.5 4 8.5 0 12',
  address: 'M6.5 2.5 5 13.5M11 2.5 9.5 13.5M2.5 6h11.5M2 10h11.5',
  addresses: 'M4 3h8v8H4zM2 5.5v8.5h8.5M7 7h2',
};

/** What kind of thing a node is. */
export function TypeIcon({ type }: { type: ServiceType }) {
  return (
    <svg
      width="16"
      height="16"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.3"
      role="img"
      aria-label={typeNames[type]}
    >
      <path d={outlines[type]} />
    </svg>
  );
}
