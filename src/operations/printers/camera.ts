import { ApiError, type ErrorCode } from '../../contract/errors.js';
import { type CameraFrame, DriverError, type DriverErrorKind } from '../../fleet/live-printer.js';
import type { Deps } from '../deps.js';
import { Content, type Operation, operation } from '../operation.js';
import { idParam } from '../schemas.js';
import { requirePrinter } from './require-printer.js';

/** Which error the caller gets for which trouble with the camera. */
const CODES: Partial<Record<DriverErrorKind, ErrorCode>> = {
  unreachable: 'printer_unreachable',
  timeout: 'printer_unreachable',
  auth: 'printer_auth',
  certificate: 'printer_certificate',
  unsupported: 'not_supported',
  busy: 'unavailable',
  aborted: 'unavailable',
};

export function cameraOperations({ database, fleet }: Deps): Operation[] {
  const snapshot = operation({
    id: 'printers.camera',
    method: 'GET',
    path: '/v1/printers/{id}/camera',
    status: 200,
    summary: 'A picture of this moment from the camera of a printer, as JPEG',
    permissions: ['printer.view'],
    params: idParam,
    body: null,
    answer: { mediaType: 'image/jpeg' },
    async run({ params }, { caller, signal }) {
      await requirePrinter(database, params.id, caller.storeId);
      const { jpeg, takenAt } = await take(params.id, signal);
      return new Content(jpeg, {
        'content-type': 'image/jpeg',
        'cache-control': 'no-store',
        'last-modified': new Date(takenAt).toUTCString(),
      });
    },
  });

  async function take(printerId: string, signal: AbortSignal): Promise<CameraFrame> {
    const session = fleet.live(printerId)?.session;
    if (session === undefined)
      throw new ApiError('invalid_state', 'The printer is switched off in the configuration file');
    try {
      return await session.snapshot(signal);
    } catch (error) {
      if (!(error instanceof DriverError)) throw error;
      const streamUrl = error.kind === 'unsupported' ? session.cameraStreamUrl : null;
      throw new ApiError(CODES[error.kind] ?? 'printer_refused', error.message, {
        reason: error.kind,
        ...(streamUrl === null ? {} : { streamUrl }),
      });
    }
  }

  return [snapshot];
}
