import { describeCrashes } from './crash-points.js';

describeCrashes('ordering-again', 19);
