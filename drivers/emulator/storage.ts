/** The card of one printer: a private folder on disk with a virtual capacity (docs/protocol.md §8.4). */
import { mkdirSync, readdirSync, rmSync, type Stats, statSync } from 'node:fs';
import { join, posix } from 'node:path';

export interface StoredFile {
  /** Path without leading slash. */
  readonly name: string;
  readonly bytes: number;
}

export interface FolderEntry {
  readonly name: string;
  readonly bytes: number;
  readonly isFolder: boolean;
  readonly modified: Date;
}

/** What FAT cannot name, control characters included. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const FORBIDDEN = /[<>:"\\|?*\u0000-\u001f]/;

export class Storage {
  constructor(
    readonly root: string,
    readonly capacityBytes: number,
    folders: readonly string[],
  ) {
    this.#folders = folders;
  }

  readonly #folders: readonly string[];

  /** Makes the folders a printer's card has. */
  create(): void {
    for (const folder of ['', ...this.#folders]) mkdirSync(join(this.root, folder), { recursive: true });
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  /** Path on the host of a path on the card, whatever it looks like: never outside the root. */
  hostPath(path: string): string {
    return join(this.root, posix.resolve('/', path));
  }

  /** Bytes of a file, null when there is none. */
  size(path: string): number | null {
    const found = this.#stat(path);
    return found?.isFile() ? found.size : null;
  }

  isFolder(path: string): boolean {
    return this.#stat(path)?.isDirectory() ?? false;
  }

  modified(path: string): Date | null {
    return this.#stat(path)?.mtime ?? null;
  }

  /** False for names the card's file system cannot hold. */
  canName(path: string): boolean {
    const name = posix.basename(path);
    return name !== '' && Buffer.byteLength(name) <= 255 && !FORBIDDEN.test(name);
  }

  /** Entries of a folder, sorted by name; null when there is no such folder. */
  list(path: string): FolderEntry[] | null {
    if (!this.isFolder(path)) return null;
    const entries = readdirSync(this.hostPath(path)).map((name) => {
      const found = statSync(join(this.hostPath(path), name));
      return { name, bytes: found.size, isFolder: found.isDirectory(), modified: found.mtime };
    });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  files(folder = '/'): StoredFile[] {
    return (this.list(folder) ?? []).flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      return entry.isFolder ? this.files(path) : [{ name: path.slice(1), bytes: entry.bytes }];
    });
  }

  get freeBytes(): number {
    const used = this.files().reduce((sum, file) => sum + file.bytes, 0);
    return Math.max(0, this.capacityBytes - used);
  }

  #stat(path: string): Stats | undefined {
    return statSync(this.hostPath(path), { throwIfNoEntry: false });
  }
}
