import { describe, expect, it } from 'vitest';
import { MODELS } from '../../../drivers/bambu/models.js';
import { UrlForm } from '../../../drivers/bambu/url-form.js';

describe('the form of a url', () => {
  it('fact-12: begins alike on every model', () => {
    for (const model of MODELS) expect(new UrlForm(() => model.start.urlPrefixes).prefix).toBe('ftp://');
    expect(new UrlForm(() => []).prefix).toBe('ftp://');
  });

  it('changes after a start that failed over its path, once per start, and comes round again', () => {
    const form = new UrlForm(() => ['ftp://', 'ftp:///']);
    form.noteStart();
    form.noteError(null);
    form.noteError('0500_4003');
    expect(form.prefix).toBe('ftp://');
    form.noteError('0500_4002');
    form.noteError('0500_4002');
    expect(form.prefix).toBe('ftp:///');
    form.noteStart();
    form.noteError('0500_C010');
    expect(form.prefix).toBe('ftp://');
  });

  it('does not change for errors of other times', () => {
    const form = new UrlForm(() => ['ftp://', 'ftp:///']);
    form.noteError('0500_4002');
    form.noteStart();
    form.noteError('0500_4002');
    form.noteSuccess();
    form.noteError('0500_C010');
    expect(form.prefix).toBe('ftp://');
  });
});
