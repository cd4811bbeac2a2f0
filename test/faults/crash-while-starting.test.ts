import { describeCrashes } from './crash-points.js';

describeCrashes('starting', 11);
