import { expect, test } from 'vitest';
import { FaultSet } from '../../../drivers/emulator/faults.js';
import { MqttServer } from '../../../drivers/emulator/mqtt-server.js';
import { Outbox } from '../../../drivers/emulator/outbox.js';

/** A server whose clients come and go by hand. */
class Wire extends MqttServer {
  readonly sent: string[] = [];
  clients = 1;

  constructor() {
    super({
      serial: '00M00A5B0000001',
      maxClients: 4,
      accessCode: () => '',
      refusesAuth: () => false,
      acknowledges: () => true,
      onRequest: () => undefined,
      record: () => undefined,
    });
  }

  override get hasSubscribers(): boolean {
    return true;
  }

  override get accepted(): number {
    return this.clients;
  }

  override publish(payload: Buffer | string): void {
    this.sent.push(payload.toString());
  }
}

test('a message that is held back comes after the next one, but never to a later connection', () => {
  const faults = new FaultSet();
  faults.add('mqtt.reorder', {});
  const wire = new Wire();
  const outbox = new Outbox(wire, faults, () => 0);
  for (const text of ['one', 'two', 'three']) outbox.publish(Buffer.from(text));
  expect(wire.sent).toEqual(['two', 'one']);
  wire.clients += 1;
  outbox.publish(Buffer.from('four'));
  expect(wire.sent).toEqual(['two', 'one', 'four']);
});
