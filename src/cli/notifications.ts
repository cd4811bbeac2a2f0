import type { Argv } from 'yargs';
import * as z from 'zod';
import {
  type DeliveryLogParams,
  type ListedChannel,
  type ListedDelivery,
  type ListedTest,
  listedChannelSchema,
  listedDeliverySchema,
  testResultSchema,
} from '../telemetry/control-notifications.js';
import type { ArgumentsOf, CommandContext, CommonOptions } from './command.js';
import type { ControlClient } from './control-client.js';
import { CliError, EXIT, type ExitCode } from './exit-codes.js';
import { wholeNumber, withConfigFile } from './options.js';
import { withDaemon } from './running-daemon.js';
import { printable, type Terminal } from './terminal.js';

export function options(yargs: Argv<CommonOptions>) {
  return withConfigFile(yargs)
    .positional('action', {
      choices: ['list', 'log', 'test'] as const,
      default: 'list' as const,
      describe: 'What to do',
    })
    .positional('channel', {
      type: 'string',
      describe: 'discord, webhook, slack, pushover or telegram; the log shows all without it',
    })
    .option('limit', {
      type: 'number',
      default: 20,
      coerce: wholeNumber('limit', 1, 500),
      describe: 'Lines of the log, 1 to 500',
    })
    .example('$0 notifications', 'How each channel fares, and why one is off')
    .example('$0 notifications log webhook', 'What was told to the webhook, and what came of it')
    .example('$0 notifications test telegram', 'Send a test and say what came of it');
}

type Arguments = ArgumentsOf<typeof options>;

/** How notification channels fare, through the running daemon. */
export function run(args: Arguments, context: CommandContext): Promise<ExitCode> {
  const { action, channel = null, limit } = args;
  if (action === 'test' && channel === null)
    throw new CliError(EXIT.usage, 'name the channel: printfarmd notifications test CHANNEL');
  return withDaemon(args.config, context, async (client) => {
    const { terminal } = context;
    if (action === 'list') return listed(terminal, args.json, await remoteChannels(client));
    if (action === 'log') return logged(terminal, args.json, await remoteLog(client, { limit, channel }));
    return tested(terminal, args.json, await remoteTest(client, channel ?? ''));
  });
}

function remoteChannels(client: ControlClient): Promise<readonly ListedChannel[]> {
  return client.request('notifications.list', {}, z.array(listedChannelSchema));
}

function remoteLog(client: ControlClient, params: DeliveryLogParams): Promise<readonly ListedDelivery[]> {
  return client.request('notifications.log', params, z.array(listedDeliverySchema));
}

function remoteTest(client: ControlClient, channel: string): Promise<ListedTest> {
  return client.request('notifications.test', { channel }, testResultSchema);
}

function listed(terminal: Terminal, json: boolean, channels: readonly ListedChannel[]): ExitCode {
  if (json) terminal.json(channels);
  else if (channels.length === 0) terminal.out('No channel was ever set up.');
  else
    terminal.table(
      [
        { title: 'CHANNEL', value: (row) => row.channel },
        { title: 'STATE', value: (row) => (row.enabled ? 'on' : 'off') },
        { title: 'WAITING', value: (row) => String(row.waiting) },
        { title: 'DELIVERED', value: (row) => row.lastDeliveredAt ?? '-' },
        { title: 'FAILED', value: (row) => row.lastFailedAt ?? '-' },
        { title: 'WHY', value: (row) => printable(row.disabledReason ?? '') },
      ],
      channels,
    );
  return EXIT.ok;
}

function logged(terminal: Terminal, json: boolean, entries: readonly ListedDelivery[]): ExitCode {
  if (json) terminal.json(entries);
  else if (entries.length === 0) terminal.out('Nothing was told.');
  else
    terminal.table(
      [
        { title: 'AT', value: (row) => row.createdAt },
        { title: 'CHANNEL', value: (row) => row.channel },
        { title: 'EVENT', value: (row) => row.event },
        { title: 'STATUS', value: (row) => row.status },
        { title: 'TRIES', value: (row) => String(row.attempts) },
        { title: 'HTTP', value: (row) => String(row.httpStatus ?? '-') },
        { title: 'WHY', value: (row) => printable(row.error ?? '') },
      ],
      entries,
    );
  return EXIT.ok;
}

function tested(terminal: Terminal, json: boolean, result: ListedTest): ExitCode {
  const { channel, delivered, httpStatus, error, durationMs } = result;
  if (json) terminal.json(result);
  else if (delivered) terminal.out(`${channel} took the test: ${httpStatus} after ${durationMs} ms`);
  else terminal.out(`${channel} did not take the test: ${printable(error ?? '')} (${durationMs} ms)`);
  return delivered ? EXIT.ok : EXIT.failed;
}
