import { describeCrashes } from './crash-points.js';

describeCrashes('printing', 13);
