// A venue's events in words, as the pages of docs/orders show them.

/** One event as a line: `trade: #3 buys 1 of #2 at 101`. */
export function eventWords(e) {
  const held = e.held ? ', held' : '';
  const hidden = e.hidden ? ', hidden' : '';
  const at = e.market ? 'at the market' : e.held && e.price === 0 ? 'without a price' : `at ${e.price}`;
  const terms = () => `${e.side} ${e.qty} ${at}`;
  switch (e.kind) {
    case 'accepted':
      return `accepted #${e.id}: ${terms()}${e.displayQty ? `, shows ${e.displayQty}` : ''}${hidden}${held}`;
    case 'rejected':
      return `rejected #${e.id}: ${e.reason}`;
    case 'trade':
      return e.auction
        ? `auction: #${e.id} buys ${e.qty} of #${e.maker} at ${e.price}`
        : `trade: #${e.id} ${e.side === 'buy' ? 'buys' : 'sells'} ${e.qty} ${e.side === 'buy' ? 'of' : 'to'} #${e.maker} at ${e.price}`;
    case 'cancelled':
      return `cancelled #${e.id}: ${e.qty} left, ${e.reason}`;
    case 'reduced':
      return `reduced #${e.id}: by ${e.by} to ${e.qty}`;
    case 'replaced':
      return `replaced #${e.id}: ${terms()}${e.newId ? `, now #${e.newId}` : ''}${e.keptPriority ? ', kept its place' : ''}${held}`;
    case 'triggered':
      return `triggered #${e.id}: ${terms()}${hidden}${held}`;
    case 'refreshed':
      return `refreshed #${e.id}: shows ${e.qty}, ${e.behind} behind`;
    case 'repriced':
      return `repriced #${e.id}: ${terms()}${held}`;
    case 'phase':
      return `phase: ${e.from} to ${e.to}`;
    case 'indicative':
      return `indicative: ${e.qty} at ${e.price}, ${e.surplus} too many to ${e.side}`;
    default:
      return `acknowledged: ${e.qty || e.price}`;
  }
}
