//! The journal: what is written comes back, what is damaged is told, and what was durable survives.

mod crash;
mod crash_run;
mod damage;
mod flow;
mod folder;
mod fuzz;
mod pinned;
mod refused;
mod round_trip;
