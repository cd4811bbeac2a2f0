import * as z from 'zod';
import {
  baseUrl,
  choice,
  cron,
  existingFile,
  host,
  hours,
  ipv4,
  network,
  origin,
  path,
  port,
  secretWord,
  settingKinds,
  text,
  toggle,
  whole,
  word,
} from './kinds.js';
import { metrics, mqtt, realtime, webhooks } from './schema-push.js';

const GIB = 1024 ** 3;

const http = z.strictObject({
  host: host()
    .default('127.0.0.1')
    .describe('Address the REST API listens on; 0.0.0.0 is every IPv4 address.'),
  port: port(0).default(3001).describe('TCP port of the REST API.'),
  publicBaseUrl: baseUrl()
    .nullable()
    .default(null)
    .describe(
      'Address under which clients reach the REST API, for links; null is the address listened on, or for 0.0.0.0 the host that each request names.',
    ),
  tls: z
    .strictObject({
      certFile: existingFile().describe('Certificate with its chain, PEM.'),
      keyFile: existingFile().describe('Private key of the certificate, PEM.'),
    })
    .nullable()
    .default(null)
    .describe('Certificate of the REST API; null speaks plain HTTP.'),
  trustedProxies: z
    .array(network())
    .max(64)
    .default([])
    .describe('Proxies whose X-Forwarded-For is believed, as addresses or ranges.'),
  corsOrigins: z
    .array(origin())
    .max(64)
    .default([])
    .describe('Origins whose web pages may call the API from a browser; none by default.'),
  maxBodyBytes: whole(1024, 64 * 1024 ** 2)
    .default(1024 ** 2)
    .describe('Largest JSON body. Unit: bytes. File uploads have storage.maxFileBytes instead.'),
  requestTimeoutMs: whole(1000, 600_000)
    .default(30_000)
    .describe(
      'Longest time a request may take to arrive. Unit: milliseconds. File uploads are not bound by it.',
    ),
});

const storage = z.strictObject({
  maxFileBytes: whole(1, 1024 * GIB)
    .default(GIB)
    .describe('Largest uploaded file. Unit: bytes.'),
  uploadExpiryMinutes: whole(1, 1440)
    .default(60)
    .describe('How long a signed upload address holds. Unit: minutes.'),
  orphanHours: whole(1, 8760)
    .default(24)
    .describe('Age at which a stored file that nothing refers to is deleted. Unit: hours.'),
});

const auth = z.strictObject({
  sessionDays: whole(1, 365)
    .default(30)
    .describe('How long a user stays signed in before the passkey is asked for again. Unit: days.'),
  mqttEnforceIpAllowlist: toggle()
    .default(true)
    .describe('Hold API keys to their allowed addresses on MQTT too, not on REST alone.'),
});

const rateLimit = z.strictObject({
  profile: choice(['local', 'compat'])
    .default('local')
    .describe('local: the two limits below. compat: 60 a minute and 600 an hour, as the cloud service has.'),
  perMinute: whole(0, 1_000_000).default(600).describe('Requests per API key in a minute; 0 is no limit.'),
  perHour: whole(0, 100_000_000).default(20_000).describe('Requests per API key in an hour; 0 is no limit.'),
});

const query = z.strictObject({
  defaultLimit: whole(1, 10_000).default(100).describe('Rows of a list when the client names no limit.'),
});

const discovery = z.strictObject({
  enabled: toggle().default(true).describe('Listen for printers that announce themselves.'),
  address: ipv4().default('0.0.0.0').describe('Address to listen on.'),
  ports: z
    .array(port(1))
    .min(1)
    .max(8)
    .default([2021, 1990])
    .describe('UDP ports on which printers announce themselves.'),
  expirySeconds: whole(5, 3600)
    .default(60)
    .describe('A printer unheard for this long leaves the list of discovered ones. Unit: seconds.'),
});

const printer = z.strictObject({
  serial: word(/^[A-Za-z0-9]{6,32}$/, 'a serial number of 6 to 32 letters and digits')
    .transform((serial) => serial.toUpperCase())
    .describe('Serial number as the printer shows it; it is also what the certificate must name.'),
  host: host().describe('Address of the printer.'),
  name: text(100).nullable().default(null).describe('First name of the printer; later the database owns it.'),
  model: text(40).nullable().default(null).describe('Model, such as P1S; null learns it from the printer.'),
  accessCode: secretWord(/^[\x21-\x7e]{1,64}$/, 'the access code shown on the printer, without spaces')
    .optional()
    .describe('LAN access code shown on the printer. Exactly one of accessCode and accessCodeFile.'),
  accessCodeFile: existingFile()
    .optional()
    .describe('File that holds nothing but the access code, so that this file need not.'),
  mqttPort: port(1).default(8883).describe("TCP port of the printer's MQTT."),
  ftpPort: port(1).default(990).describe("TCP port of the printer's FTPS."),
  cameraPort: port(1)
    .nullable()
    .default(null)
    .describe("TCP port of the printer's camera; null is 6000 or 322, as its model has it."),
  trust: choice(['ca', 'tofu', 'insecure'])
    .default('ca')
    .describe('How the printer proves itself: by a known CA, by the certificate seen first, or not at all.'),
  caFile: existingFile()
    .nullable()
    .default(null)
    .describe('Further CA that this printer may prove itself by, PEM.'),
});

const bambu = z.strictObject({
  extraCaFiles: z
    .array(existingFile())
    .max(64)
    .default([])
    .describe('Further CAs that Bambu printers may prove themselves by, PEM.'),
  connectConcurrency: whole(1, 200).default(16).describe('Printers being connected to at the same time.'),
});

const transfers = z.strictObject({
  max: whole(1, 256).default(8).describe('Files being sent to printers at the same time.'),
});

const camera = z.strictObject({
  max: whole(1, 200)
    .default(8)
    .describe('Cameras open at the same time; each closes when nobody asks for it.'),
  ffmpeg: existingFile()
    .nullable()
    .default(null)
    .describe(
      'Program that makes pictures of the video of X1, P2S, H2 and X2D; null answers where to watch it.',
    ),
});

const diagnostics = z.strictObject({
  messages: z
    .strictObject({
      enabled: toggle().default(false).describe('Keep them, for GET /local/printers/{id}/messages.'),
      perPrinter: whole(1, 10_000).default(200).describe('Messages kept of each printer, the newest ones.'),
      maxBytes: whole(1024, 64 * 1024 ** 2)
        .default(1024 ** 2)
        .describe('Memory for the messages of one printer. Unit: bytes.'),
    })
    .prefault({})
    .describe('The last MQTT messages to and from each printer, in memory, without secrets.'),
});

const queue = z.strictObject({
  maxConcurrentJobs: whole(1, 10_000)
    .nullable()
    .default(null)
    .describe('Jobs that may be in progress at the same time; null is no limit.'),
  confirmStartSeconds: whole(1, 3600)
    .default(270)
    .describe('How long a sent print may take to show on the printer. Unit: seconds.'),
  tickSeconds: whole(1, 300)
    .default(15)
    .describe('Longest time between two looks at the queue; changes are looked at at once. Unit: seconds.'),
  maxHeating: whole(1, 1000)
    .nullable()
    .default(null)
    .describe(
      'Printers that may be warming up at the same time, with those on their way to it; null is no limit.',
    ),
  workingHours: z
    .array(hours())
    .max(32)
    .default([])
    .describe(
      'When prints may begin, on the clock of this machine; [] is always. Unit: days and hours, as mon-fri 07:00-19:00.',
    ),
  continuous: z
    .strictObject({
      bedBelowC: whole(0, 120)
        .nullable()
        .default(null)
        .describe('What the bed must have cooled to, degrees Celsius; null does not wait for it.'),
      waitSeconds: whole(0, 86_400)
        .default(0)
        .describe('How long the printer rests in any case. Unit: seconds.'),
    })
    .prefault({})
    .describe('What a printer in continuous printing waits for between two prints.'),
});

const matching = z.strictObject({
  checkRemaining: choice(['off', 'warn', 'refuse'])
    .default('warn')
    .describe(
      'Spools known to hold less than a job needs. refuse: they are not taken. warn: the explanation says so. off: nobody looks.',
    ),
  distinctSlots: toggle()
    .default(false)
    .describe('Channels of models that are sliced here take slots of their own where they can.'),
  keepTogether: choice(['none', 'sku', 'order'])
    .default('none')
    .describe('Pending jobs of one SKU or of one order are printed one after another.'),
});

const spools = z.strictObject({
  trustAms: toggle()
    .default(false)
    .describe('What an AMS tells of its spools overwrites what the library has left of them.'),
});

const audit = z.strictObject({
  retentionDays: whole(1, 3650)
    .default(30)
    .describe('How long entries of the audit log are kept. Unit: days.'),
});

const upkeep = z.strictObject({
  maintenance: cron()
    .nullable()
    .default('7 * * * *')
    .describe('When the maintenance of printers is looked at that comes due by days; null never.'),
  retention: cron()
    .nullable()
    .default('17 * * * *')
    .describe('When unused files, ended sessions and old entries of the audit log are removed; null never.'),
  checkpoint: cron()
    .nullable()
    .default('41 3 * * *')
    .describe('When the log of the database is put in place and emptied; null leaves it to SQLite.'),
  integrity: cron()
    .nullable()
    .default('51 3 * * *')
    .describe('When the whole database file is read through for damage; null only at starts.'),
});

const log = z.strictObject({
  level: choice(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('Least important entries that are still written.'),
  pretty: z
    .union([z.literal('auto'), z.boolean()])
    .register(settingKinds, { allowed: 'auto, true or false' })
    .default('auto')
    .describe('Readable lines in place of JSON; auto means on a terminal.'),
});

/** Every setting of the daemon. Relative paths are taken from the folder of the configuration file. */
export const settingsSchema = z.strictObject({
  dataDir: path().default('data').describe('Folder of the database, files and keys.'),
  http: http.prefault({}).describe('The REST API.'),
  mqtt: mqtt.prefault({}).describe('The MQTT broker for clients.'),
  webhooks: webhooks.prefault({}).describe('Webhooks and other notification channels.'),
  realtime: realtime.prefault({}).describe('What is published live beyond the broker.'),
  metrics: metrics.prefault({}).describe('Figures for monitoring.'),
  storage: storage.prefault({}).describe('Uploaded files.'),
  auth: auth.prefault({}).describe('Users who sign in, and keys.'),
  rateLimit: rateLimit.prefault({}).describe('Requests that one API key may make.'),
  query: query.prefault({}).describe('Lists and searches.'),
  discovery: discovery.prefault({}).describe('Finding printers on the network.'),
  printers: z.array(printer).max(1000).default([]).describe('Printers that this file owns.'),
  bambu: bambu.prefault({}).describe('Bambu Lab printers.'),
  transfers: transfers.prefault({}).describe('Sending files to printers.'),
  camera: camera.prefault({}).describe('Pictures from the cameras of printers.'),
  diagnostics: diagnostics.prefault({}).describe('Looking closer when something does not work.'),
  queue: queue.prefault({}).describe('The print queue.'),
  matching: matching.prefault({}).describe('Which job goes to which printer.'),
  spools: spools.prefault({}).describe('Spools of the library in the slots of printers.'),
  audit: audit.prefault({}).describe('Who did what.'),
  upkeep: upkeep.prefault({}).describe('Work that the daemon does by the clock of this machine.'),
  log: log.prefault({}).describe('The log, on standard output.'),
});

/** The settings as written, with defaults applied. */
export type Settings = z.output<typeof settingsSchema>;
