/** The modules a printer lists in its get_version reply (docs/protocol.md §4.2). */

import type { JsonObject } from './json.js';
import type { Machine } from './machine.js';
import type { AmsKind } from './profiles.js';

const AMS_MODULE: Readonly<
  Record<AmsKind, { prefix: string; hardware: string; serial: string; name: string }>
> = {
  ams: { prefix: 'ams', hardware: 'AMS08', serial: '006', name: 'AMS' },
  'ams-lite': { prefix: 'ams_f1', hardware: 'AMS_F102', serial: '03C', name: 'AMS Lite' },
  'ams-2-pro': { prefix: 'n3f', hardware: 'N3F05', serial: '19C', name: 'AMS 2 Pro' },
  'ams-ht': { prefix: 'n3s', hardware: 'N3S05', serial: '19F', name: 'AMS HT' },
};

export function modules(machine: Machine): JsonObject[] {
  const { profile, serial, firmware } = machine;
  const old = profile.layout === 'p1';
  const module = (name: string, version: string, hardware: string, sn: string, product = ''): JsonObject => ({
    name,
    sw_ver: version,
    hw_ver: hardware,
    sn,
    flag: 0,
    loader_ver: '00.00.00.00',
    ...(old
      ? { project_name: name.startsWith('ams') ? '' : profile.code }
      : { product_name: product, visible: product !== '' }),
  });
  const { processor } = profile;
  const list = [
    module('ota', firmware, old ? 'OTA' : 'N/A', serial, profile.productName ?? ''),
    module(processor.module, '00.00.51.98', processor.hardware, serial),
    module('mc', '00.00.32.89', 'MC07', `31E${serial.slice(3)}`),
    module('th', '00.00.07.12', 'TH09', `098${serial.slice(3)}`),
  ];
  for (const unit of machine.ams.units) {
    const kind = AMS_MODULE[unit.kind];
    const sn = `${kind.serial}${serial.slice(3, -1)}${unit.id % 10}`;
    list.push(
      module(`${kind.prefix}/${unit.id}`, '00.00.06.49', kind.hardware, sn, `${kind.name} (${unit.id})`),
    );
  }
  return list;
}
