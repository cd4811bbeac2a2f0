import { describeCrashes } from './crash-points.js';

describeCrashes('confirming', 12);
