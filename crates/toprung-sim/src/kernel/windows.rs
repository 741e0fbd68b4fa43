//! Coupled venues on several threads, exactly: conservative look-ahead.
//!
//! Nothing that an agent decides reaches a venue sooner than the fastest order. So all venues can be run that far ahead of
//! the earliest thing that is still to happen, each on its own thread, and then the agents are called for the same stretch
//! of time, in the total order. The result is that of [`World::advance`], bit by bit. It pays where such a window holds
//! hundreds of messages; otherwise whole markets are the better units of work ([`run_markets`](super::run_markets)).

use rayon::prelude::*;

use super::venue::Notice;
use super::world::World;
use crate::observe::Unseen;

impl World {
    /// Runs to the end of the configured time, the venues on the threads of the pool it is called in.
    ///
    /// Gives the number of windows, or `None` if some order takes no time: then nothing can be run ahead, and it has run
    /// on one thread. Agents that ask for decisions from outside do nothing.
    pub fn run_in_windows(&mut self) -> Option<u64> {
        let width = self.window_ns();
        if width == 0 {
            self.run();
            return None;
        }
        let (mut windows, mut moved) = (0, Vec::new());
        loop {
            let first = self.venues.iter().map(|v| v.next_ns()).min().unwrap_or(u64::MAX).min(self.agenda.next_ns());
            if first > self.duration_ns || self.fault().is_some() {
                break;
            }
            let end = first.saturating_add(width).min(self.duration_ns.saturating_add(1));
            moved.clear();
            self.venues
                .par_iter_mut()
                .map(|venue| {
                    let mut touches: Vec<(u64, u16)> = Vec::new();
                    while venue.next_ns() < end {
                        venue.step(&mut Unseen);
                        if std::mem::take(&mut venue.touch_moved) {
                            touches.push((venue.feed.now.time_ns, venue.index));
                        }
                    }
                    touches
                })
                .collect_into_vec(&mut moved);
            self.exchange(&moved);
            self.call_until(end);
            self.decide(|_, _| {});
            self.set_now(end - 1);
            windows += 1;
        }
        self.finish_samples();
        Some(windows)
    }

    /// Delivers everything that the venues published, in the total order.
    fn exchange(&mut self, moved: &[Vec<(u64, u16)>]) {
        /// Notices before the touch, as a step of a venue delivers them.
        enum Message {
            Notice(Notice),
            Touch,
        }
        let mut all: Vec<(u64, u16, Message)> = Vec::new();
        for (venue, touches) in self.venues.iter_mut().zip(moved) {
            let mut touches = touches.iter().peekable();
            for notice in venue.notices.drain(..) {
                while let Some(touch) = touches.next_if(|t| t.0 < notice.time_ns) {
                    all.push((touch.0, touch.1, Message::Touch));
                }
                all.push((notice.time_ns, notice.venue, Message::Notice(notice)));
            }
            all.extend(touches.map(|t| (t.0, t.1, Message::Touch)));
        }
        // Stable: what a venue says at one time stays in order.
        all.sort_by_key(|m| (m.0, m.1));
        for (time_ns, venue, message) in all {
            match message {
                Message::Notice(notice) => self.deliver_notice(&notice),
                Message::Touch => self.deliver_touch(usize::from(venue), time_ns),
            }
        }
    }
}
