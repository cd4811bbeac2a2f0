import type { z } from 'zod';
import { ApiError, invalidInput } from '../contract/errors.js';
import { StorageError } from '../storage/storage-error.js';

/** Whatever went wrong, as an error for the caller. What is not meant for callers becomes `internal`. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof StorageError) return fromStorage(error);
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError('wrong_content_type', 'Request body type is not application/json');
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError('payload_too_large', 'The request body is larger than this route takes');
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new ApiError('validation_failed', 'The body does not have the length that Content-Length says');
    case 'FST_ERR_BAD_URL':
      return new ApiError('malformed_request', 'The path is not well-formed percent-encoding');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new ApiError('validation_failed', 'The path is too long');
    case 'SQLITE_FULL':
    case 'ENOSPC':
      return new ApiError(
        'insufficient_storage',
        'The disk of the farm server is full; free some space and try again',
      );
    case 'SQLITE_IOERR':
    case 'SQLITE_READONLY':
      return new ApiError('unavailable', 'The database cannot be written now');
    default:
      return new ApiError(
        'internal',
        'Something went wrong inside the daemon; its log has the details',
        {},
        { cause: error },
      );
  }
}

function fromStorage(error: StorageError): ApiError {
  switch (error.code) {
    case 'too-large':
      return new ApiError('payload_too_large', error.message);
    case 'no-space':
      return new ApiError('insufficient_storage', error.message);
    case 'not-found':
      return new ApiError('not_found', error.message);
    case 'bad-range':
      return new ApiError('range_not_satisfiable', error.message);
    default:
      return new ApiError('validation_failed', error.message);
  }
}

const SECRET_NAMES = /code|secret|password|token|key/i;

/** Parses, or says everything that is wrong with the input. @throws ApiError validation_failed */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown, where: '$input' | '$params'): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidInput(
    flatten(parsed.error.issues, value).map((issue) => {
      const path = [where, ...issue.path.map(String)].join('.');
      const found = issue.path.reduce<unknown>((inner, name) => step(inner, name), value);
      const secret = issue.path.some((name) => SECRET_NAMES.test(String(name)));
      return { path, expected: expectedBy(issue), ...(secret ? {} : { value: brief(found) }) };
    }),
  );
}

/** What would be right, where the message says in the library's own way what is wrong before it. */
function expectedBy({ message }: z.core.$ZodIssue): string {
  return /^[A-Z][\w ]*: expected (.+?)(?:, received .*)?$/s.exec(message)?.[1] ?? message;
}

/** A union fails with one list per branch; the caller is helped most by the branch that came closest. */
function flatten(issues: readonly z.core.$ZodIssue[], value: unknown): readonly z.core.$ZodIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
    const found = issue.path.reduce<unknown>((inner, name) => step(inner, name), value);
    const keys = lacking(issue.errors, found);
    if (keys) return [{ ...issue, message: `an object with ${keys.join(', or with ')}` }];
    const closest = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0] ?? [];
    return closest.length === 0
      ? [issue]
      : flatten(closest, found).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
  });
}

/** What each branch lacks of the object, when keys are all that it lacks: then none came closer than the others. */
function lacking(
  branches: readonly (readonly z.core.$ZodIssue[])[],
  found: unknown,
): readonly string[] | null {
  if (typeof found !== 'object' || found === null) return null;
  const isLacking = ({ path }: z.core.$ZodIssue) =>
    path.length === 1 && path.every((name) => step(found, name) === undefined);
  if (!branches.every((branch) => branch.length > 0 && branch.every(isLacking))) return null;
  return branches.map((branch) => branch.map(({ path }) => path.join('.')).join(' and '));
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function step(value: unknown, name: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

function brief(value: unknown): unknown {
  if (typeof value === 'string') return value.length > 200 ? `${value.slice(0, 200)}…` : value;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? '[array]' : '[object]';
  return value;
}
