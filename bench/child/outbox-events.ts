/** What both sides of `outbox` send: the event of an order with as much text as a job and a printer have. */
export function orderTold(number: number): { readonly orderNumber: string; readonly note: string } {
  return { orderNumber: String(number), note: 'n'.repeat(3_000) };
}
