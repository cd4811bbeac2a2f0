#!/usr/bin/env node
import { databaseFile } from '../database/places.js';
import { runCli } from './cli.js';
import { interruption } from './interruption.js';
import { Terminal } from './terminal.js';

process.exitCode = await runCli(process.argv.slice(2), {
  terminal: new Terminal(process.stdout, process.stderr, process.env),
  env: process.env,
  ports: {
    installation: async () => import('../installation.js'),
    daemon: async (dataDir) => {
      // The longest wait of a start with a long past: it goes on while the daemon's modules are loaded.
      const { checkFile } = await import('../database/file-check.js');
      const check = checkFile(databaseFile(dataDir));
      const { startDaemon } = await import('../daemon.js');
      const { programVersion } = await import('./version.js');
      const version = await programVersion();
      return {
        run: (config, log, configFile, logged) =>
          startDaemon({ config, configFile, version, log, ...logged, check }),
      };
    },
    keys: async () => {
      const { openKeyRing } = await import('../installation.js');
      return { open: openKeyRing };
    },
    invitations: async () => {
      const { inviteOwnerOf } = await import('../installation.js');
      return { inviteOwner: inviteOwnerOf };
    },
    examiner: async () => {
      const { createBambuDriver } = await import('../../drivers/bambu/index.js');
      const { createLogger } = await import('../telemetry/log.js');
      const { storedPrinter } = await import('../installation.js');
      const log = createLogger({ level: 'silent', pretty: false });
      const driver = createBambuDriver({ log, maxConnecting: 1, maxTransfers: 1 });
      return { examine: (target, options) => driver.examine(target, options), stored: storedPrinter };
    },
    discovery: async () => {
      const { BambuDiscovery } = await import('../../drivers/bambu/discovery.js');
      return {
        createDiscovery: (options, onSeen, log) => new BambuDiscovery(options, onSeen, log, Date.now),
      };
    },
  },
  interruption,
});
