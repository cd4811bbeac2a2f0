import { isIP } from 'node:net';
import type { Config } from './config.js';
import type { ConfigWarning } from './problem.js';

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/** What the configuration allows but a careful operator should know. */
export function unwiseSettings(config: Config): ConfigWarning[] {
  const warnings: ConfigWarning[] = [];
  if (config.http.tls === null && !isLoopback(config.http.host)) {
    const message = 'API keys travel the network readable: set http.tls, or put a proxy with TLS in front';
    warnings.push({ key: 'http.host', message });
  }
  if (config.mqtt.plain.enabled && !isLoopback(config.mqtt.plain.host)) {
    warnings.push({ key: 'mqtt.plain', message: 'API keys travel the network readable' });
  }
  const { bridge } = config.realtime;
  if (bridge !== null && bridge.password !== null && /^(mqtt|ws):/.test(bridge.url)) {
    const { hostname, protocol } = new URL(bridge.url);
    if (!isLoopback(hostname)) {
      const message = `the password travels the network readable: ${protocol.slice(0, -1)}s does not show it`;
      warnings.push({ key: 'realtime.bridge.url', message });
    }
  }
  config.printers.forEach((printer, index) => {
    if (printer.trust !== 'insecure') return;
    const message = `${printer.serial} proves nothing: whoever answers at ${printer.host} gets its access code`;
    warnings.push({ key: `printers[${index}].trust`, message });
  });
  return warnings;
}
