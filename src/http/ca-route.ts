import type { FastifyInstance } from 'fastify';
import { ApiError } from '../contract/errors.js';

/** `GET /local/ca.pem`: the CA certificate that clients are to trust. It is public: microcontrollers pin it. */
export function mountCa(app: FastifyInstance, caPem: () => string | null): void {
  app.get('/local/ca.pem', async (_request, reply) => {
    const pem = caPem();
    if (pem === null) throw new ApiError('not_found', 'There is no CA certificate to give away');
    return reply
      .headers({
        'content-type': 'application/x-pem-file',
        'content-disposition': 'attachment; filename="printfarmd-ca.pem"',
        'cache-control': 'no-cache',
      })
      .send(pem);
  });
}
