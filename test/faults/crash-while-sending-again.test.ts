import { describeCrashes } from './crash-points.js';

describeCrashes('sending-again', 17);
