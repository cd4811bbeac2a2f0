import { describe, expect, test } from 'vitest';
import type { DiscoveredPrinter } from '../../drivers/driver.js';
import { mayFollow, Whereabouts } from '../../src/fleet/whereabouts.js';

const HOME = { host: '127.9.2.1', mqttPort: 8883 };

function seen(host: string, mqttPort: number | null = null): DiscoveredPrinter {
  return {
    serial: '01P00A000000001',
    host,
    mqttPort,
    modelCode: null,
    modelName: null,
    name: 'P1S',
    signalDbm: null,
    connect: 'lan',
    bind: 'free',
    firmware: null,
    lastSeenAt: 0,
  };
}

describe('where to look for a printer', () => {
  test('pain-31: an announced place becomes home once the printer has proved itself there', () => {
    const whereabouts = new Whereabouts(HOME);
    expect(whereabouts.heard(seen('127.9.2.2'), 0)).toEqual({ host: '127.9.2.2', mqttPort: 8883 });
    expect(whereabouts.proved()).toEqual({ host: '127.9.2.2', mqttPort: 8883 });
    expect(whereabouts.proved()).toBeNull();
    expect(whereabouts.disproved()).toBeNull();
  });

  test('a place where somebody else answers is left for home', () => {
    const whereabouts = new Whereabouts(HOME);
    whereabouts.heard(seen('127.9.2.66'), 0);
    expect(whereabouts.disproved()).toEqual(HOME);
    expect(whereabouts.disproved()).toBeNull();
  });

  test('the announced port counts, and so does a change of it alone', () => {
    const whereabouts = new Whereabouts(HOME);
    expect(whereabouts.heard(seen(HOME.host, 8883), 0)).toBeNull();
    expect(whereabouts.heard(seen(HOME.host, 9883), 0)).toEqual({ host: HOME.host, mqttPort: 9883 });
  });

  test('a storm of announcements leaves a handshake its time', () => {
    const whereabouts = new Whereabouts(HOME);
    expect(whereabouts.heard(seen('127.9.2.2'), 0)).not.toBeNull();
    for (let now = 1; now < 15_000; now += 100) {
      expect(whereabouts.heard(seen(`127.9.3.${1 + (now % 200)}`), now)).toBeNull();
    }
    expect(whereabouts.heard(seen('127.9.2.3'), 15_000)).not.toBeNull();
  });

  test('the database moves it only with news', () => {
    const whereabouts = new Whereabouts(HOME);
    whereabouts.heard(seen('127.9.2.2'), 0);
    whereabouts.proved();
    expect(whereabouts.told(HOME)).toEqual({ host: '127.9.2.2', mqttPort: 8883 });
    const moved = { host: '127.9.2.9', mqttPort: 8883 };
    expect(whereabouts.told(moved)).toEqual(moved);
    expect(whereabouts.disproved()).toBeNull();
  });
});

test('hearsay leads only where the printer must prove itself before it gets the access code', () => {
  expect(mayFollow('ca', null)).toBe(true);
  expect(mayFollow('tofu', 'AA:BB')).toBe(true);
  expect(mayFollow('tofu', null)).toBe(false);
  expect(mayFollow('insecure', 'AA:BB')).toBe(false);
});
