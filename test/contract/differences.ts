/** Where the daemon's description differs from the contract on purpose, and why. Each line must still be needed. */
export const DIFFERENCES: readonly { readonly at: RegExp; readonly why: string }[] = [
  {
    at: /^answer (SearchResponse|GET \S+)\.hints: only the daemon/,
    why: 'lists that are asked for hints answer them beside data and meta; the contract leaves them out of its shape',
  },
  {
    at: /^answer .*(PlateSliceInfo|sliced)\.(boundingBox|height|filaments\[\]\.groupId): only the daemon|^answer .*\.physicalExtruders: only the daemon/,
    why: 'where a plate lies on the bed and which nozzle a filament was sliced for: matching needs what the file says of it',
  },
  {
    at: /^request PartialPrinterUpdate(idstring)?\.metadata\./,
    why: 'a printer tells of itself what it is; only its access code is taken from a person',
  },
  {
    at: /^request PartialPrinterUpdate(idstring)?\.(host|mqttPort|ftpPort|cameraPort|accessCode|trust): only the daemon/,
    why: 'how a printer is reached on the local network',
  },
  {
    at: /^request PrintJobOperationRequest\.(ids|printJobId): only the daemon/,
    why: 'two older names under which clients still send the ids of jobs',
  },
  {
    at: /^request PartBuildConfigV2\.materialAssignments: only the daemon/,
    why: 'an older name under which clients still send materials',
  },
  {
    at: /^request MaintenanceItemInsert\.isSystemDefault: only contract/,
    why: 'what ships with the daemon is not for its callers to say; the field is ignored',
  },
  {
    at: /^request BuildConfigV2\.skus\[\]: no alternative of the daemon takes \{sku(Id)?, quantity, linkedPartConfigs, tags, priority, position, skuInstanceStart, order, options\}/,
    why: 'it takes all of these, and beside them selectedOptions, a name under which a published guide sends options',
  },
  {
    at: /^request PartialPartUpdateWithMaterials\.fileUris: only contract/,
    why: 'one file cannot belong to many parts at once',
  },
  {
    at: /^request (Partial(MaterialVariant|MaterialGroup|MaterialInstance|Order)|CostComponentUpdate|SkuCostUpdate|POST \/v1\/(cost-components|sku-costs))\.(id|storeId|createdAt|updatedAt): only contract/,
    why: 'who a thing is and when it was made is not changed by its callers; the fields are ignored',
  },
  {
    at: /^request (MaterialInstanceInsert|PartialMaterialInstance)\.materialType: only contract/,
    why: 'filled in from the material, so that the two never disagree; the field is ignored',
  },
  {
    at: /^request UpdateMaterialRequest\.pricePer1000g: only the daemon/,
    why: 'a price that could be given once and never be corrected would be of no use',
  },
  {
    at: /^request (Bulk)?ReorderPrintJobs?Request\.(updates\[\]\.)?priority: contract has any value/,
    why: 'a job that is neither normal (100) nor low (1000) would stand nowhere in the queue',
  },
  {
    at: /^request CreateSkuOption(Value|Property|Binding)Request\.(order|filterMode): only the daemon/,
    why: 'a published guide sends them; without them a new one comes last and offers all values',
  },
  {
    at: /^answer Sku\w*(\.skuCopy)?\.inputs: only the daemon/,
    why: 'what a client gave of a SKU it gets back',
  },
  {
    at: /^request LinkedPartInsert\.skuId: required by the daemon/,
    why: 'made by itself, a linked part must say to which SKU it belongs; within a SKU that is known',
  },
  {
    at: /^request Recordstringany: contract says any object, the daemon names its fields/,
    why: 'what a browser makes of a passkey has a form of its own, which WebAuthn settles',
  },
  {
    at: /^request PasskeySignup(Begin|Complete)Request\.invitation: only the daemon/,
    why: 'an e-mail address alone opens nothing: whoever signs up shows the token of the invitation',
  },
  {
    at: /^request PasskeySignupCompleteRequest\.termsAccepted: contract has any value/,
    why: 'whoever does not accept cannot sign up',
  },
  {
    at: /^answer (InviteUserResponse|POST \S+\/resend)\.token: only the daemon/,
    why: 'nothing is mailed: whoever invites hands the token on, which is shown this once',
  },
];

/** Fields that the contract lets a list be filtered by and the daemon does not. */
export const NOT_FILTERED: readonly string[] = [
  // Masked: whoever may filter by a secret can guess it.
  'hash',
  'salt',
];

/** What the daemon has beyond the contract. */
export const OURS_ALONE: readonly { readonly path: RegExp; readonly why: string }[] = [
  { path: /^\/local\//, why: 'what only a daemon in the same building can tell or do' },
  {
    path: /^\/v1\/materials\/(printer-slots\/(clear|clear-all|profile)|\{id\}\/profiles|variants\/\{variantId\}\/profiles)$/,
    why: 'what is in a slot is also taken back, and materials have to get their profiles somehow',
  },
  {
    path: /^\/v1\/settings\/notifications(\/\{id\}(\/(configure|disable|test))?)?$/,
    why: 'the contract can only search the settings of notification channels, and somebody has to make them',
  },
  { path: /^\/(docs|swagger\.json)$/, why: 'the description itself' },
  { path: /^\/v1\/printers(\/discover(ed)?)?$/, why: 'LAN printers are registered and discovered here' },
  { path: /^\/v1\/printers\/\{id\}\/camera$/, why: 'the picture of the camera' },
  {
    path: /^\/v1\/hints\/(path|schema\/paths)\/\{path\}$/,
    why: 'the contract draws the rest of a path as a parameter named 0 of the path before it',
  },
];
