/** Which certificate a printer shows just now; faults change it (docs/protocol.md §3). */
import { createSecureContext, type SecureContext } from 'node:tls';
import { createEmulatorCa, type Leaf, LeafIssuer, type LeafRequest } from './certificates.js';

export class Identity {
  #own: Promise<SecureContext> | undefined;
  /** A false one, in place of its own. */
  #shown: Promise<SecureContext> | undefined;

  constructor(
    readonly serial: string,
    private readonly issuer: LeafIssuer,
  ) {}

  /** The context of new connections; the same object until the identity changes, so that sessions can resume. */
  context(): Promise<SecureContext> {
    if (this.#shown !== undefined) return this.#shown;
    this.#own ??= this.issuer.issue({ commonName: this.serial }).then(serverContext);
    return this.#own;
  }

  /** A new certificate of the same name from the same authority, which stays. */
  rotate(): void {
    this.#own = undefined;
    this.#shown = undefined;
  }

  /** Shows the printer's own certificate again. */
  restore(): void {
    this.#shown = undefined;
  }

  /** Shows a certificate with these fields until `restore` is called. */
  show(request: Partial<LeafRequest>): void {
    this.#replace(this.issuer.issue({ commonName: this.serial, ...request }));
  }

  /** Shows a right name signed by an authority that nobody knows. */
  showStranger(): void {
    this.#replace(createEmulatorCa().then((ca) => new LeafIssuer(ca).issue({ commonName: this.serial })));
  }

  #replace(leaf: Promise<Leaf>): void {
    this.#shown = leaf.then(serverContext);
  }
}

function serverContext(leaf: Leaf): SecureContext {
  return createSecureContext({
    cert: leaf.certificatePem,
    key: leaf.privateKeyPem,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
  });
}
