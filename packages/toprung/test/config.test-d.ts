/** Types that come from the schemas, and types of what people call. */
import { describe, expectTypeOf, it } from 'vitest';
import {
  type BookConfigInput,
  type BookEvent,
  type ErrorCode,
  type EventBatch,
  type OrderBook,
  type PolicyStepInput,
  type ReplayReport,
  replay,
  type SimulationConfig,
  type SimulationConfigInput,
  type SimulationResult,
  simulate,
} from '../src/index.js';

describe('configuration', () => {
  it('asks for nothing and gives everything', () => {
    // biome-ignore lint/complexity/noBannedTypes: the empty object is what is meant
    expectTypeOf<{}>().toExtend<SimulationConfigInput>();
    expectTypeOf<SimulationConfig['seed']>().toEqualTypeOf<number>();
    expectTypeOf<SimulationConfig['latencySampling']>().toEqualTypeOf<number | null>();
    expectTypeOf<SimulationConfig['horizon']>().toEqualTypeOf<{ events: number } | { durationNs: number }>();
    expectTypeOf<SimulationConfig>().toExtend<SimulationConfigInput>();
    expectTypeOf<'santa-fe' | 'realistic-day'>().toExtend<SimulationConfig['flow']['model']>();
    expectTypeOf<{ flow: { model: 'hawkes' } }>().toExtend<SimulationConfigInput>();
  });

  it('knows the policies', () => {
    expectTypeOf<{ policy: { kind: 'pro-rata'; minLot: 2 } }>().toExtend<BookConfigInput>();
    expectTypeOf<{ policy: { kind: 'lifo' } }>().not.toExtend<BookConfigInput>();
    expectTypeOf<{ policy: { kind: 'preset'; name: 'cme.K'; fifoPercent: 20 } }>().toExtend<BookConfigInput>();
    expectTypeOf<{ policy: { kind: 'preset'; name: 'cme.Z' } }>().not.toExtend<BookConfigInput>();
    expectTypeOf<{ kind: 'split'; fifoPercent: 40 }>().toExtend<PolicyStepInput>();
    expectTypeOf<{ kind: 'split' }>().not.toExtend<PolicyStepInput>();
  });
});

describe('functions', () => {
  it('give what they say', () => {
    expectTypeOf(simulate).returns.resolves.toEqualTypeOf<SimulationResult>();
    expectTypeOf(replay).returns.resolves.toEqualTypeOf<ReplayReport>();
    expectTypeOf<OrderBook['submit']>().returns.toEqualTypeOf<EventBatch>();
    expectTypeOf<OrderBook['limit']>().returns.toEqualTypeOf<BookEvent[]>();
    expectTypeOf<'gtc'>().not.toExtend<NonNullable<NonNullable<Parameters<OrderBook['market']>[3]>['tif']>>();
    expectTypeOf<OrderBook['limit']>().parameter(1).toEqualTypeOf<'buy' | 'sell'>();
  });

  it('have events that can be told apart by kind', () => {
    expectTypeOf<Extract<BookEvent, { kind: 'trade' }>['maker']>().toEqualTypeOf<number>();
    expectTypeOf<Extract<BookEvent, { reason: unknown }>['kind']>().toEqualTypeOf<'rejected' | 'cancelled'>();
    expectTypeOf<'ERR_TOPRUNG_CONFIG'>().toExtend<ErrorCode>();
  });
});
