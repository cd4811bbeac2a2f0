/** The camera that a model has. */
import type { TLSSocket } from 'node:tls';
import { CameraServer, type CameraServerOptions } from './camera-server.js';
import type { Profile } from './profiles.js';
import { RtspServer } from './rtsp-server.js';

export function cameraOf(
  profile: Profile,
  options: CameraServerOptions,
): { accept(socket: TLSSocket): void } {
  return profile.camera === 'jpeg' ? new CameraServer(options) : new RtspServer(options);
}
