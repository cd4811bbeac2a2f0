import { describeCrashes } from './crash-points.js';

describeCrashes('noting', 22);
