/**
 * Every error the daemon answers with: its code, HTTP status, title, and whether trying the same again can help.
 * Codes are stable; clients and tests go by them, never by wording.
 */
export const ERRORS = {
  malformed_request: { status: 400, title: 'Bad Request', retry: false },
  malformed_json: { status: 400, title: 'Bad Request', retry: false },
  validation_failed: { status: 400, title: 'Bad Request', retry: false },
  unknown_field: { status: 400, title: 'Bad Request', retry: false },
  unknown_operator: { status: 400, title: 'Bad Request', retry: false },
  unknown_relation: { status: 400, title: 'Bad Request', retry: false },
  too_many_relations: { status: 400, title: 'Bad Request', retry: false },
  wrong_content_type: { status: 400, title: 'Bad Request', retry: false },
  unauthorized: { status: 401, title: 'Unauthorized', retry: false },
  forbidden: { status: 403, title: 'Forbidden', retry: false },
  ip_not_allowed: { status: 403, title: 'Forbidden', retry: false },
  permission_escalation: { status: 403, title: 'Forbidden', retry: false },
  not_found: { status: 404, title: 'Not Found', retry: false },
  route_not_found: { status: 404, title: 'Not Found', retry: false },
  request_timeout: { status: 408, title: 'Request Timeout', retry: true },
  conflict: { status: 409, title: 'Conflict', retry: false },
  invalid_state: { status: 409, title: 'Conflict', retry: false },
  in_use: { status: 409, title: 'Conflict', retry: false },
  managed: { status: 409, title: 'Conflict', retry: false },
  not_connected: { status: 409, title: 'Conflict', retry: false },
  not_configured: { status: 409, title: 'Conflict', retry: false },
  managed_by_config: { status: 409, title: 'Conflict', retry: false },
  payload_too_large: { status: 413, title: 'Payload Too Large', retry: false },
  range_not_satisfiable: { status: 416, title: 'Range Not Satisfiable', retry: false },
  unprocessable: { status: 422, title: 'Unprocessable Entity', retry: false },
  unsupported_file: { status: 422, title: 'Unprocessable Entity', retry: false },
  option_required: { status: 422, title: 'Unprocessable Entity', retry: false },
  sku_not_found: { status: 422, title: 'Unprocessable Entity', retry: false },
  printer_unreachable: { status: 422, title: 'Unprocessable Entity', retry: true },
  printer_auth: { status: 422, title: 'Unprocessable Entity', retry: false },
  printer_certificate: { status: 422, title: 'Unprocessable Entity', retry: false },
  printer_refused: { status: 422, title: 'Unprocessable Entity', retry: true },
  headers_too_large: { status: 431, title: 'Request Header Fields Too Large', retry: false },
  rate_limited: { status: 429, title: 'Too Many Requests', retry: true },
  internal: { status: 500, title: 'Internal Server Error', retry: false },
  not_implemented: { status: 501, title: 'Not Implemented', retry: false },
  not_supported: { status: 501, title: 'Not Implemented', retry: false },
  unavailable: { status: 503, title: 'Service Unavailable', retry: true },
  insufficient_storage: { status: 507, title: 'Insufficient Storage', retry: true },
} as const satisfies Record<string, { status: number; title: string; retry: boolean }>;

export type ErrorCode = keyof typeof ERRORS;

/** One thing wrong with an input: where, what was expected, what was found (never for secret fields). */
export interface InputProblem {
  readonly path: string;
  readonly expected: string;
  readonly value?: unknown;
}

/** An error meant for the caller. `message` says what is wrong and what would be right. */
export class ApiError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    /** Further keys of the answer, such as `allowed` or `requiredPermissions`. */
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'ApiError';
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

export function notFound(what: string, id: string): ApiError {
  return new ApiError('not_found', `There is no ${what} with id ${JSON.stringify(id)} in this store`);
}

export function invalidInput(problems: readonly InputProblem[]): ApiError {
  const first = problems[0];
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  const message = first ? `${first.path}: expected ${first.expected}${more}` : 'The request is not valid';
  return new ApiError('validation_failed', message, { errors: problems });
}

/** The body of an error answer; for 401 exactly the two keys that real clients know come first. */
export function errorBody(error: ApiError, requestId: string): Record<string, unknown> {
  const { status, title } = ERRORS[error.code];
  if (error.code === 'unauthorized') {
    return { statusCode: 401, message: 'Unauthorized', error: title, code: error.code, requestId };
  }
  return {
    statusCode: status,
    message: error.message,
    error: title,
    code: error.code,
    requestId,
    ...error.details,
  };
}
