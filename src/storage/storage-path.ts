import { decodeFileName, encodeFileName } from './file-name.js';

/** What a storage path names. `fileName` is readable, not encoded. */
export type StoragePath =
  | {
      readonly kind: 'upload';
      readonly storeId: string;
      readonly uploadId: string;
      readonly fileName: string;
    }
  | { readonly kind: 'part'; readonly storeId: string; readonly partId: string; readonly fileName: string };

const UPLOAD = /^uploads:([\w-]{1,64})\/([\w-]{1,64})\/([^/]+)$/;
const PART = /^([\w-]{1,64})\/parts\/([\w-]{1,64})\/([^/]+)$/;

/** Where a client's upload waits until a part takes it. */
export function uploadPath(storeId: string, uploadId: string, fileName: string): string {
  return `uploads:${storeId}/${uploadId}/${encodeFileName(fileName)}`;
}

/** A file of a part. */
export function partFilePath(storeId: string, partId: string, fileName: string): string {
  return `${storeId}/parts/${partId}/${encodeFileName(fileName)}`;
}

/** Reads either form of path, its name encoded or not; null for anything else. */
export function parseStoragePath(path: string): StoragePath | null {
  const [, uploadStore, uploadId, uploadName] = UPLOAD.exec(path) ?? [];
  if (uploadStore && uploadId && uploadName) {
    return { kind: 'upload', storeId: uploadStore, uploadId, fileName: decodeFileName(uploadName) };
  }
  const [, storeId, partId, partName] = PART.exec(path) ?? [];
  if (storeId && partId && partName)
    return { kind: 'part', storeId, partId, fileName: decodeFileName(partName) };
  return null;
}

/** A stored path with its name made readable, as some clients send it back. */
export function readablePath(path: string): string {
  const slash = path.lastIndexOf('/');
  return path.slice(0, slash + 1) + decodeFileName(path.slice(slash + 1));
}

/** Whether a client means the stored path: as it was given out, or with the name decoded. */
export function isSamePath(stored: string, given: string): boolean {
  return given === stored || given === readablePath(stored);
}
