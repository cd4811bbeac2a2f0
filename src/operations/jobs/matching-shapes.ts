import { z } from 'zod';
import { CHECK_CODES } from '../../matching/result.js';
import { answered } from '../../resources/answered.js';
import { partMaterialAssignment, printerSlot } from '../../resources/index.js';
import { materialAssignments, record, tags } from '../../resources/shapes.js';
import { id } from '../schemas.js';

/** What the matcher's findings are answered as. */

const computedAssignment = z.object({
  partId: id,
  priority: z.number().min(0),
  materialId: id.nullable(),
  variantId: id.nullable(),
  materialType: z.string().nullable(),
  groupId: id.nullable(),
  index: z.int().min(0),
});

const REASONS = [
  'missing-profile',
  'tag-mismatch',
  'previous-mismatch',
  'no-slots',
  'material-mismatch',
  'matched',
] as const;

export function matchingDetails(): z.ZodType {
  const slots = z.array(answered(printerSlot));
  const data = z.union([
    z.object({ partId: id, plateId: z.number().optional() }),
    z.object({ required: tags, printer: record }),
    z.object({ config: record, slots }),
    z.object({ slots }),
    z.object({
      slots,
      jobMaterialAssignments: materialAssignments.nullable(),
      partMaterialAssignments: z.record(z.string(), z.array(answered(partMaterialAssignment))).nullable(),
      computedAssignments: z.record(z.string(), z.array(computedAssignment)).nullable(),
    }),
  ]);
  const detail = z.object({
    matched: z.boolean(),
    priority: z.number().optional(),
    reason: z.string(),
    reasonCode: z.enum(REASONS),
    data,
  });
  return z
    .object({
      id,
      storeId: id,
      printJobId: id,
      createdAt: z.iso.datetime(),
      updatedAt: z.iso.datetime(),
      /** By the id of the printer. */
      details: z.record(z.string(), detail),
    })
    .meta({ id: 'PrintJobMatchingDetail' });
}

const checkCode = z.enum(CHECK_CODES);

export const matchingTroubleshoot = z
  .object({
    printJobId: id,
    printers: z.array(
      z.object({
        printerId: id,
        printerName: z.string(),
        matched: z.boolean(),
        compatible: z.boolean(),
        checks: z.array(
          z.object({
            code: checkCode,
            passed: z.boolean(),
            label: z.string(),
            explanation: z.string(),
            context: z.object({ materialId: id.optional(), variantId: id.optional() }).optional(),
          }),
        ),
        firstFailedCheck: checkCode.optional(),
      }),
    ),
  })
  .meta({ id: 'PrintJobMatchingTroubleshoot' });
