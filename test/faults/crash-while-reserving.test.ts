import { describeCrashes } from './crash-points.js';

describeCrashes('reserving', 10);
