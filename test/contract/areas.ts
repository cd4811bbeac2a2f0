/** Paths by the test file beside this one that calls them with success; what no line holds is called by `flow`. */
export const AREAS = {
  profiles: /^\/v1\/(profiles|slicer|materials\/printer-slots\/assign)/,
  library: /^\/v1\/(materials|folders|material-|part-material-)/,
  commerce:
    /^\/v1\/(skus|linked-parts|sku-costs|cost-components|sku-builds|part-build-steps|parts\/create-skus)/,
  options: /^\/v1\/(sku-variants|sku-options)/,
  orders: /^\/v1\/(orders|order-items|customers|ignored-skus|integrations|filametrics)/,
  members:
    /^\/v1\/(users|permissions|roles|settings|entitlements|subscriptions$|subscriptions\/search|addons|addon-subscriptions)/,
  passkeys: /^\/v1\/passkeys/,
  maintenance: /^\/v1\/maintenance/,
  introspection: /^\/v1\/hints/,
  flow: /^/,
} as const;

export function areaOf(path: string): keyof typeof AREAS {
  const names = Object.keys(AREAS) as (keyof typeof AREAS)[];
  return names.find((name) => AREAS[name].test(path)) ?? 'flow';
}

/** Mounted, authorised and checked, but answering 501 until what they do is built; every other operation works. */
const NOT_YET: readonly RegExp[] = [
  /^\/v1\/parts\/\{\w+\}\/(split-plates|estimate)$/,
  /^\/v1\/profiles\/(preview|import|import-data|compatible\/.*|\{id\}\/(view|full))$/,
];

export function mayBeNotYet(path: string): boolean {
  return NOT_YET.some((one) => one.test(path));
}

/** For users who are signed in, whatever they may do; no key gets further. */
export function isForUsersOnly(path: string): boolean {
  return /^\/v1\/passkeys(?!\/(signup|authentication))/.test(path);
}
