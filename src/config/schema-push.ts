import * as z from 'zod';
import {
  brokerUrl,
  existingFile,
  host,
  network,
  networkOrHost,
  port,
  secretWord,
  text,
  toggle,
  topicLevels,
  whole,
  word,
} from './kinds.js';

/** The settings of what is pushed: MQTT, webhooks, figures. A part of the table in `schema.ts`. */

export const mqtt = z.strictObject({
  enabled: toggle()
    .default(true)
    .describe('Listen for MQTT clients; false leaves them to the broker of realtime.bridge.'),
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
  websocket: z
    .strictObject({
      enabled: toggle().default(true).describe('Also listen for MQTT over secure WebSocket.'),
      host: host().nullable().default(null).describe('Address of that listener; null is mqtt.host.'),
      port: port(0).default(9001).describe('TCP port of MQTT over secure WebSocket.'),
    })
    .prefault({})
    .describe('MQTT over secure WebSocket, for browsers and networks that let nothing else through.'),
  plain: z
    .strictObject({
      enabled: toggle().default(false).describe('Also listen without TLS.'),
      host: host().default('127.0.0.1').describe('Address of the listener without TLS.'),
      port: port(0).default(1883).describe('TCP port of the listener without TLS.'),
    })
    .prefault({})
    .describe('MQTT without TLS: keys travel readable, so only for isolated networks.'),
  maxConnections: whole(1, 10_000)
    .default(200)
    .describe('MQTT clients at the same time; one address, or one key, may hold half of them.'),
});

const bridge = z.strictObject({
  url: brokerUrl().describe('Where the broker is: mqtt, mqtts, ws or wss.'),
  username: text(256).nullable().default(null).describe('User there; null logs in without one.'),
  password: secretWord(/^\P{Cc}{1,256}$/u, 'a password of 1 to 256 characters on one line')
    .optional()
    .describe('Password there. At most one of password and passwordFile.'),
  passwordFile: existingFile()
    .optional()
    .describe('File that holds nothing but the password, so that this file need not.'),
  clientId: word(/^[\x21-\x7e]{1,64}$/, 'a client id of 1 to 64 characters without spaces')
    .nullable()
    .default(null)
    .describe('Client id there; null is printfarmd_ and the id of the store.'),
  caFile: existingFile()
    .nullable()
    .default(null)
    .describe('CA that the broker proves itself by, PEM; null trusts the CAs that Node.js ships with.'),
  certFile: existingFile()
    .nullable()
    .default(null)
    .describe('Certificate that the daemon proves itself by, PEM; with keyFile.'),
  keyFile: existingFile().nullable().default(null).describe('Private key of that certificate, PEM.'),
  topicPrefix: topicLevels()
    .nullable()
    .default(null)
    .describe('Levels in front of every topic there, but for those of Home Assistant; null none.'),
});

export const realtime = z.strictObject({
  bridge: bridge
    .nullable()
    .default(null)
    .describe('An external MQTT broker that is told the same as clients of the own one; null is none.'),
  topicAliases: toggle()
    .default(false)
    .describe('Also publish changes of entities under names such as print-jobs beside printJobs.'),
  homeAssistant: z
    .strictObject({
      enabled: toggle().default(false).describe('Publish what lets Home Assistant find the printers.'),
      prefix: topicLevels()
        .default('homeassistant')
        .describe('Discovery prefix, as the MQTT integration of Home Assistant has it.'),
    })
    .prefault({})
    .describe('Each printer as a device in Home Assistant.'),
});

export const metrics = z.strictObject({
  enabled: toggle()
    .default(true)
    .describe('Figures for Prometheus at /metrics, for keys that may see printers and queue.'),
  allow: z
    .array(network())
    .max(64)
    .default([])
    .describe('Addresses or ranges that may read the figures without a key.'),
});

export const webhooks = z.strictObject({
  allowPrivateTargets: z
    .array(networkOrHost())
    .max(64)
    .default([])
    .describe(
      'Addresses, ranges and host names of the own network that webhooks may be sent to; none by default, so that nobody can make the daemon call what only it can reach.',
    ),
  allowHttp: toggle()
    .default(false)
    .describe('Whether those, and no others, may be sent to without TLS: what is sent travels readable.'),
  caFiles: z
    .array(existingFile())
    .max(16)
    .default([])
    .describe('CA certificates that receivers are trusted by, beside the usual ones, PEM.'),
  maxFailures: whole(0, 1000)
    .default(10)
    .describe(
      'Notices that fail within 24 hours until their channel is switched off; 0 never switches one off.',
    ),
  logDays: whole(1, 365)
    .default(30)
    .describe('How long it is kept what was told and what came of it. Unit: days.'),
});
