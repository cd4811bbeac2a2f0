/** A plain mqtt.js client of one printer, with nothing of the daemon's driver in it. */
import { connectAsync, type MqttClient } from 'mqtt';
import { z } from 'zod';

export const reachablePrinter = z.object({
  serial: z.string(),
  host: z.string(),
  mqttPort: z.int(),
  accessCode: z.string(),
});
export type ReachablePrinter = z.infer<typeof reachablePrinter>;

export function connectToPrinter(printer: ReachablePrinter, caPem: string): Promise<MqttClient> {
  const secure = {
    ca: [caPem],
    servername: printer.serial,
    // The certificate names the serial and no address.
    checkServerIdentity: () => undefined,
    maxVersion: 'TLSv1.2',
  };
  return connectAsync({
    ...secure,
    protocol: 'mqtts',
    host: printer.host,
    port: printer.mqttPort,
    username: 'bblp',
    password: printer.accessCode,
    protocolVersion: 4,
    reconnectPeriod: 0,
  });
}
