import { createEmulatorCa, LeafIssuer } from '../../drivers/emulator/certificates.js';

export interface TestCertificate {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

/** An authority and a server certificate of it, which names no address. */
export async function makeCertificate(): Promise<TestCertificate> {
  const ca = await createEmulatorCa();
  const leaf = await new LeafIssuer(ca).issue({ commonName: 'realtime' });
  return { caPem: ca.certificatePem, certPem: leaf.certificatePem, keyPem: leaf.privateKeyPem };
}
