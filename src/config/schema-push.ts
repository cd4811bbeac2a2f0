import * as z from 'zod';
import { existingFile, host, port, toggle, whole } from './kinds.js';

/** The settings of what is pushed: MQTT, webhooks, figures. A part of the table in `schema.ts`. */

export const mqtt = z.strictObject({
  host: host()
    .default('127.0.0.1')
    .describe('Address the MQTT broker listens on; 0.0.0.0 is every IPv4 address.'),
  port: port(0).default(8883).describe('TCP port of MQTT over TLS.'),
  tls: z
    .strictObject({
      certFile: existingFile().describe('Certificate with its chain, PEM.'),
      keyFile: existingFile().describe('Private key of the certificate, PEM.'),
      caFile: existingFile().describe('CA certificate that clients are to trust, PEM.'),
    })
    .nullable()
    .default(null)
    .describe('Certificate of the broker; null takes server.pem, server-key.pem and ca.pem of dataDir/tls.'),
  plain: z
    .strictObject({
      enabled: toggle().default(false).describe('Also listen without TLS.'),
      host: host().default('127.0.0.1').describe('Address of the listener without TLS.'),
      port: port(0).default(1883).describe('TCP port of the listener without TLS.'),
    })
    .prefault({})
    .describe('MQTT without TLS: keys travel readable, so only for isolated networks.'),
  maxConnections: whole(1, 10_000).default(200).describe('MQTT clients at the same time.'),
});
