import { describeCrashes } from './crash-points.js';

describeCrashes('sending', 16);
