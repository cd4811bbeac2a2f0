import { describeCrashes } from './crash-points.js';

describeCrashes('ending', 15);
