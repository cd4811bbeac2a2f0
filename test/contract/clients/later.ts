/**
 * What known clients need that is not built yet, by client. Whoever builds one of these extends the client's replay
 * beside this file and deletes the line.
 */
export const LATER: readonly { readonly client: string; readonly what: string }[] = [
  {
    client: 'the published scripts',
    what: 'parts of files that are not sliced are queued and sliced (POST /v2/builds)',
  },
];
