import type { Slicer } from '../contract/enums.js';

/** A slicer in one version. */
export interface SlicerVersion {
  /** What `slicerOverride` and the store's setting name it by. */
  readonly id: string;
  readonly engine: Slicer;
  readonly version: string;
  /** Lower comes first in a list. */
  readonly order: number;
  /** The newest of its engine that is known. */
  readonly latest: boolean;
  /** What slices when nothing else is said. */
  readonly default: boolean;
}

/**
 * The slicers that are known, oldest first within each. Source: the version numbers that the projects
 * OrcaSlicer and Bambu Studio give their releases, as their public issue threads name them.
 * The list says what can be named in settings, not what is installed on this machine.
 */
const RELEASES: readonly (readonly [engine: Slicer, versions: readonly string[]])[] = [
  ['orcaslicer', ['2.2.0', '2.3.0', '2.3.1', '2.4.1']],
  ['bambu-studio', ['02.02.00.85', '02.04.00.70', '02.05.00.66', '02.06.01.55']],
];

const DEFAULT_ENGINE: Slicer = 'orcaslicer';

export const SLICER_VERSIONS: readonly SlicerVersion[] = RELEASES.flatMap(([engine, versions]) =>
  versions.toReversed().map((version, index) => ({ engine, version, latest: index === 0 })),
).map(({ engine, version, latest }, order) =>
  Object.freeze({
    id: `${engine}-${version}`,
    engine,
    version,
    order,
    latest,
    default: latest && engine === DEFAULT_ENGINE,
  }),
);
