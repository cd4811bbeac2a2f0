/** The subscribers of a broker under test, as processes of their own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { built, Child } from './child.js';
import type { Installation } from './farm.js';

export interface SubscriberOptions {
  readonly count: number;
  readonly keep?: boolean;
  readonly time?: boolean;
  /** Addresses that they come from by turns; the system's choice when absent. */
  readonly from?: readonly string[];
}

const OPEN_MS = 180_000;

/** One process of subscribers that follow all printers of an installation, at the daemon or at another port. */
export class SubscriberLoad {
  private constructor(readonly child: Child) {}

  static async open(
    folder: string,
    installation: Installation,
    port: number,
    { count, keep = false, time = false, from = [] }: SubscriberOptions,
  ): Promise<SubscriberLoad> {
    const { storeId, apiKey, caFile } = installation;
    const child = new Child({
      name: 'the subscribers',
      args: [built('bench/child/subscribers.js')],
      logFile: join(folder, 'subscribers.log'),
    });
    const load = new SubscriberLoad(child);
    const place = {
      host: '127.0.0.1',
      port,
      caPem: readFileSync(caFile, 'utf8'),
      username: storeId,
      password: apiKey,
      topic: `stores/${storeId}/printer-stats/+`,
      clientPrefix: `apiclient_${apiKey.slice(0, 24)}_bench${child.pid}-`,
    };
    try {
      await child.ask(z.int(), 'open', { ...place, count, keep, time, from }, OPEN_MS);
    } catch (error) {
      await load.stop();
      throw error;
    }
    return load;
  }

  messages(): Promise<number> {
    return this.child.ask(z.int(), 'messages');
  }

  openNow(): Promise<number> {
    return this.child.ask(z.int(), 'open-now');
  }

  kept(): Promise<[string, string][]> {
    return this.child.ask(z.array(z.tuple([z.string(), z.string()])), 'kept');
  }

  times(): Promise<[string, number][]> {
    return this.child.ask(z.array(z.tuple([z.string(), z.number()])), 'times');
  }

  async stall(): Promise<void> {
    await this.child.ask(z.null(), 'stall');
  }

  async stop(): Promise<void> {
    await this.child.stop();
  }
}

/** The port of the daemon's own broker. */
export function brokerPort({ mqttUrl }: Installation): number {
  return Number(new URL(mqttUrl).port);
}
