/**
 * Value of `Content-Disposition` that every browser understands: a plain name for old ones, the true name in
 * UTF-8 (RFC 6266, RFC 5987) for the others.
 */
export function contentDisposition(type: 'attachment' | 'inline', fileName: string): string {
  const wellFormed = fileName.replace(/\p{Surrogate}/gu, '\uFFFD');
  // A percent sign is decoded by some browsers even here; quotes and backslashes would end the string.
  const plain = wellFormed.replace(/[^\x20-\x7e]/gu, '_').replace(/["%\\]/g, '_');
  const encoded = encodeURIComponent(wellFormed).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${type}; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
