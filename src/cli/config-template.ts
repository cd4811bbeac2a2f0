import type { Endpoint } from './options.js';

/** Text of the configuration that `init` writes: what was chosen, and the settings a new farm changes first. */
export function configTemplate(
  http: Endpoint & { readonly tls: boolean },
  mqtt: Endpoint,
  wss: Endpoint,
): string {
  const off = http.tls ? '' : '#';
  const wssHost = wss.host === mqtt.host ? '' : `\n    host: ${JSON.stringify(wss.host)}`;
  return `# Configuration of printfarmd. Everything left out has its default: config/printfarmd.example.yaml shows
# every setting, docs/configuration.md explains them. \`printfarmd check-config\` finds mistakes.
# Settings behind a "#" are off: take the "#" away to use them.

# Database, uploaded files and keys: with this file, all there is to back up.
dataDir: data

http:
  # 127.0.0.1 is this machine alone. For the whole network: 0.0.0.0, with tls.
  host: ${JSON.stringify(http.host)}
  port: ${http.port}
  # Certificate made by \`init\`; clients trust it by data/tls/ca.pem.
  ${off}tls:
  ${off}  certFile: data/tls/server.pem
  ${off}  keyFile: data/tls/server-key.pem

# MQTT over TLS for clients that follow the farm live; its certificate is in data/tls.
mqtt:
  host: ${JSON.stringify(mqtt.host)}
  port: ${mqtt.port}
  # The same over WebSocket, with TLS.
  websocket:${wssHost}
    port: ${wss.port}

# Printers that this file owns. Others can be added by REST. Access codes are best kept in files of their own
# (chmod 600), which hold nothing else.
#printers:
#  - serial: "01P00A000000001"
#    host: 192.168.1.50
#    accessCodeFile: secrets/01P00A000000001
`;
}
