import { describeCrashes } from './crash-points.js';

describeCrashes('cancelling', 21);
