/** What a page may ask for, checked. */
import { z } from 'zod';
import { TRACKS_MAX } from './columns.js';
import type { ClientMessage } from './protocol.js';

const id = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const run = z
  .int()
  .min(1)
  .max(2 ** 32 - 1);
const speed = z.union([z.literal('max'), z.number().min(1e-6).max(1e9)]);
const events = z
  .int()
  .min(1)
  .max(2 ** 40);

const messageSchema = z.union([
  z.strictObject({
    id,
    type: z.literal('watch'),
    run: run.nullable(),
    against: run.nullable(),
    rate: z.int().min(1).max(60),
    track: z
      .int()
      .min(0)
      .max(TRACKS_MAX - 1)
      .optional(),
  }),
  z.strictObject({
    id,
    type: z.literal('start'),
    scenario: z.string().max(100),
    arm: z.string().max(100).optional(),
    book: z
      .int()
      .min(0)
      .max(2 ** 18),
    seed: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
    events: events.optional(),
    speed,
    like: run.optional(),
  }),
  z.strictObject({ id, type: z.literal('control'), run, action: z.enum(['pause', 'stop']) }),
  z.strictObject({ id, type: z.literal('control'), run, action: z.literal('run'), speed }),
  z.strictObject({ id, type: z.literal('control'), run, action: z.literal('step'), events }),
  z.strictObject({ id, type: z.literal('resync'), run }),
]);

/** The message in a text, or why it is none. */
export function readMessage(text: string): ClientMessage | { id: number; problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { id: 0, problem: `expected JSON: ${(error as Error).message}` };
  }
  const result = messageSchema.safeParse(value);
  if (result.success) return result.data as ClientMessage;
  const given = (value as { id?: unknown } | null)?.id;
  return {
    id: typeof given === 'number' ? given : 0,
    problem: `expected a message of the dashboard's protocol, got ${text.slice(0, 120)}`,
  };
}
