/** A recorded day through the book: did every aggressive order get the fills that the exchange gave it? */
// #region replay
import { replay } from 'toprung';

export async function replayDay(file: string): Promise<string> {
  const report = await replay(file);
  if (report.agrees) {
    return `${report.aggressive.equal} orders traded exactly as at the exchange, ${report.fills} fills`;
  }
  const [first] = report.differences;
  return `line ${first?.line}: expected ${first?.expected}, got ${first?.got}`;
}
// #endregion replay
