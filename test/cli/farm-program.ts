/**
 * The command line with a daemon that behaves as PRINTFARMD_TEST_DAEMON says: a program of its own, so that signals,
 * uncaught errors and exit codes are the real ones.
 */
import { runCli } from '../../src/cli/cli.js';
import { interruption } from '../../src/cli/interruption.js';
import type { DaemonPort } from '../../src/cli/ports.js';
import { Terminal } from '../../src/cli/terminal.js';
import { acquireDataLock } from '../../src/telemetry/data-lock.js';

const [behaviour, ...argv] = process.argv.slice(2);

const absent = async (): Promise<never> => {
  throw new Error('not part of this program');
};

const daemon: DaemonPort = {
  async run(config, log, _configFile, { hideSecret }) {
    const lock = acquireDataLock(config.dataDir);
    // A listener holds the process, as the real daemon's do.
    const holder = setInterval(() => {}, 60_000);
    hideSecret('made-known-later');
    log.info({ note: config.printers.map((printer) => printer.accessCode) }, 'made-known-later');
    if (behaviour === 'fails') {
      clearInterval(holder);
      throw new Error('the port is taken');
    }
    if (behaviour === 'throws') setImmediate(() => Promise.reject(new Error('nobody caught this')));
    if (behaviour === 'slow-start')
      await new Promise<void>((resolve) => process.once('SIGTERM', () => resolve()));
    return {
      url: 'http://127.0.0.1:1',
      mqttUrl: 'mqtts://127.0.0.1:1',
      wssUrl: null,
      async progress() {
        if (behaviour === 'stands-still') throw new Error('the database stands still');
      },
      async reconfigure(changed) {
        log.info({ serials: changed.printers.map((printer) => printer.serial) }, 'reconfigured');
      },
      async refreshCertificates() {
        log.info('certificates read anew');
      },
      async stop() {
        if (behaviour === 'slow-stop')
          await new Promise<void>((resolve) => process.once('SIGINT', () => resolve()));
        if (behaviour === 'stuck') await new Promise(() => {});
        // What a real stop leaves open by mistake must not keep the process.
        if (behaviour !== 'leaves-a-handle') clearInterval(holder);
        lock.release();
        log.info('the daemon has stopped');
      },
    };
  },
};

process.exitCode = await runCli(argv, {
  terminal: new Terminal(process.stdout, process.stderr, process.env),
  env: process.env,
  ports: {
    installation: absent,
    keys: absent,
    invitations: absent,
    discovery: absent,
    examiner: absent,
    daemon: async () => daemon,
  },
  interruption,
});
