import { describeCrashes } from './crash-points.js';

describeCrashes('starting-again', 20);
