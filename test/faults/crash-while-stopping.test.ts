import { describeCrashes } from './crash-points.js';

describeCrashes('stopping', 14);
