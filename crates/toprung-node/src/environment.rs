//! The environment for learning agents: actions in, views out, one crossing a step.

use napi::bindgen_prelude::Float64Array;
use napi_derive::napi;
use toprung_book::CommandKind;
use toprung_sim::kernel::{ACTION, ACTIONS, Env, OBSERVATION};

use crate::error::{Code, Result, config_error, error_at, guarded, to_json};
use crate::market::{parse_market, sim_error};
use crate::view::{Bytes, View};

/// Many books for learning agents.
#[napi]
pub struct NativeEnv {
    env: Env,
    actions: Vec<i32>,
}

#[napi]
impl NativeEnv {
    /// `books` books of the market `config`, as JSON, whose group `group` learns.
    #[napi(constructor, catch_unwind)]
    pub fn new(config: String, group: String, books: f64, position_max: f64, warmup_ns: f64) -> Result<NativeEnv> {
        guarded(|| {
            let config = parse_market(&config)?;
            let env = Env::open(&config, &group, books as u32, position_max as i64, warmup_ns as u64);
            Ok(NativeEnv { env: env.map_err(sim_error)?, actions: Vec::new() })
        })
    }

    /// Where the views lie in `out`, in bytes: observations, final observations and rewards (32-bit floats), done and mask
    /// (bytes), and its length; then agents in each book, numbers in an observation and in an action, kinds of actions.
    #[napi(catch_unwind)]
    pub fn layout(&self) -> Float64Array {
        let numbers = self.offsets().map(|n| n as f64);
        let shape = [self.env.agents(), OBSERVATION, ACTION, ACTIONS.len()].map(|n| n as f64);
        Float64Array::new([&numbers[..], &shape[..]].concat())
    }

    /// Begins anew in every book whose `which` is not 0, with its seed, and fills `out`.
    #[napi(catch_unwind, ts_args_type = "seeds: Float64Array, which: Float64Array, out: Uint8Array")]
    pub fn reset(&mut self, seeds: Float64Array, which: Float64Array, out: View) -> Result<()> {
        guarded(|| {
            let seeds: Vec<u64> = seeds.iter().map(|s| *s as u64).collect();
            let which: Vec<u8> = which.iter().map(|w| u8::from(*w != 0.0)).collect();
            self.env.reset(&seeds, &which).map_err(|e| config_error(&e))?;
            self.fill(out.bytes("out")?)
        })
    }

    /// Carries out one action for every agent of every book, runs to the next decision and fills `out`.
    #[napi(catch_unwind, ts_args_type = "actions: Uint8Array, out: Uint8Array")]
    pub fn step(&mut self, actions: View, out: View) -> Result<()> {
        guarded(|| {
            let count = self.env.books() * self.env.agents() * ACTION;
            let bytes = actions.bytes("actions")?;
            if bytes.len() != count * 4 {
                let message = format!("expected {count} 32-bit integers, got {} bytes", bytes.len());
                return Err(error_at(Code::BufferLength, "actions", &message));
            }
            self.actions.clear();
            for k in 0..count {
                // SAFETY: `4·k + 4` is at most the length, which was checked.
                self.actions.push(unsafe { bytes.load_u32(4 * k) } as i32);
            }
            self.env.step(&self.actions).map_err(sim_error)?;
            self.fill(out.bytes("out")?)
        })
    }

    /// Actions so far that were not valid.
    #[napi(catch_unwind)]
    pub fn invalid(&self) -> f64 {
        self.env.invalid as f64
    }

    /// Time per command by kind, of those that were timed, as JSON.
    #[napi(catch_unwind)]
    pub fn latency_by_kind(&self) -> Result<String> {
        guarded(|| to_json(&self.env.latency_by_kind().summaries(&CommandKind::NAMES)))
    }
}

impl NativeEnv {
    /// Beginnings of the views, and the whole length, in bytes.
    fn offsets(&self) -> [usize; 6] {
        let e = &self.env;
        let sizes =
            [e.observations.len() * 4, e.final_observations.len() * 4, e.rewards.len() * 4, e.done.len(), e.mask.len()];
        let mut offsets = [0; 6];
        for (k, size) in sizes.into_iter().enumerate() {
            offsets[k + 1] = (offsets[k] + size).next_multiple_of(8);
        }
        offsets
    }

    fn fill(&self, out: Bytes) -> Result<()> {
        let at = self.offsets();
        if out.len() < at[5] {
            let message = format!("expected at least {} bytes, got {}", at[5], out.len());
            return Err(error_at(Code::BufferLength, "out", &message));
        }
        let e = &self.env;
        for (start, floats) in [(at[0], &e.observations), (at[1], &e.final_observations), (at[2], &e.rewards)] {
            for (k, f) in floats.iter().enumerate() {
                // SAFETY: the view lies before the next one, and all of them within `at[5]` bytes.
                unsafe { out.store_u32(start + 4 * k, f.to_bits()) };
            }
        }
        for (start, bytes) in [(at[3], &e.done), (at[4], &e.mask)] {
            for (k, b) in bytes.iter().enumerate() {
                // SAFETY: as above.
                unsafe { out.store_u8(start + k, *b) };
            }
        }
        Ok(())
    }
}
