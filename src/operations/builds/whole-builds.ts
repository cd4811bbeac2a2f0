import { partBuild, partBuildStep, printJob } from '../../resources/index.js';
import type { Deps } from '../deps.js';
import { embedAll, embedMany } from '../embed.js';
import type { Embed } from '../standard.js';

/** Part builds answer with their steps and jobs, each in order. */
export function wholeBuilds(deps: Deps): Embed {
  return embedAll(
    embedMany(deps, { name: 'steps', target: partBuildStep, via: 'partBuildId', order: 'order' }),
    embedMany(deps, { name: 'printJobs', target: printJob, via: 'partBuildId', order: 'quantityIndex' }),
  );
}

/** SKU builds answer with their part builds, each whole. */
export function wholeSkuBuilds(deps: Deps): Embed {
  return embedMany(deps, {
    name: 'partBuilds',
    target: partBuild,
    via: 'skuBuildId',
    deeper: wholeBuilds(deps),
  });
}
