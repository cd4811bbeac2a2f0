import { describeCrashes } from './crash-points.js';

describeCrashes('accepted', 18);
