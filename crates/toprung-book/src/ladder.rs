//! The price levels of one side.
//!
//! Prices are turned into keys for which larger is better ([`Side::key`]), so one ladder serves bids and asks. A group is
//! 64 neighbouring keys: one word of occupied bits and four pages of levels. Groups lie in a window, an array with two
//! layers of summary bits above it, so that the next better or worse level is a mask and a count of leading zeros. The
//! window starts small and grows up to [`WINDOW_GROUPS_MAX`] groups (262,144 ticks); a price beyond it goes to an
//! ordered map of groups. The window moves to where the best price is once looking into the map has cost as much as
//! moving. The whole of `i64` works, and no layout of prices costs more than a constant factor.

use std::collections::BTreeMap;

use crate::command::Side;
use crate::slab::{Handle, NIL, PAGE_LEVELS, Slab, Tag};

const GROUP_KEYS: u32 = 64;
const GROUP_SHIFT: u32 = GROUP_KEYS.trailing_zeros();
const PAGE_SHIFT: u32 = PAGE_LEVELS.trailing_zeros();
const GROUP_PAGES: usize = GROUP_KEYS as usize / PAGE_LEVELS;

/// Groups in a new window.
const WINDOW_GROUPS_FIRST: usize = 4;

/// Most groups in a window: what three layers of 64-way bits can address, with the topmost a single word.
pub(crate) const WINDOW_GROUPS_MAX: usize = 64 * 64;

/// 64 neighbouring keys.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    /// Keys with resting orders.
    occupied: u64,
    /// Pages of levels, `NIL` where none was needed yet.
    pages: [Handle; GROUP_PAGES],
}

impl Group {
    /// The level of `key`, which must have a page.
    #[inline(always)]
    fn level(&self, key: i64) -> Handle {
        self.pages[page_index(key)] + (key as u32 & (PAGE_LEVELS as u32 - 1))
    }

    /// Highest occupied key of this group, the `word`-th, whose bit is in `mask`.
    #[inline(always)]
    fn highest(&self, word: i64, mask: u64) -> Option<(i64, Handle)> {
        let bits = self.occupied & mask;
        if bits == 0 {
            return None;
        }
        let key = word << GROUP_SHIFT | i64::from(63 - bits.leading_zeros());
        Some((key, self.level(key)))
    }
}

#[inline(always)]
fn page_index(key: i64) -> usize {
    (key >> PAGE_SHIFT) as usize & (GROUP_PAGES - 1)
}

/// Bits below the one of `key`.
#[inline(always)]
fn below(key: i64) -> u64 {
    (1 << (key & 63)) - 1
}

/// The levels of one side of a book.
#[derive(Clone, Debug)]
pub(crate) struct Ladder {
    /// The best level, `NIL` when the side is empty.
    pub(crate) best: Handle,
    /// Its key; `i64::MIN` when the side is empty.
    pub(crate) best_key: i64,
    /// Number of the window's first group: keys shifted right by six bits.
    base: i64,
    window: Vec<Group>,
    /// One bit per group of the window that has an occupied level.
    groups_occupied: Vec<u64>,
    /// One bit per word of `groups_occupied` that is not zero.
    words_occupied: u64,
    /// Groups outside the window.
    beyond: BTreeMap<i64, Group>,
    /// Visits to `beyond` since the window last moved.
    beyond_visits: u32,
    tag: Tag,
}

impl Ladder {
    /// An empty ladder of the displayed book (`class` 0) or of another class of orders.
    pub(crate) fn new(side: Side, class: u32) -> Ladder {
        Ladder {
            best: NIL,
            best_key: i64::MIN,
            base: 0,
            window: Vec::new(),
            groups_occupied: Vec::new(),
            words_occupied: 0,
            beyond: BTreeMap::new(),
            beyond_visits: 0,
            tag: class << 1 | side as u32,
        }
    }

    /// Position of a group in the window; out of bounds when it is not there.
    #[inline(always)]
    fn position(&self, word: i64) -> usize {
        word.wrapping_sub(self.base) as usize
    }

    /// The level of `key` if it has memory, occupied or not; `NIL` otherwise.
    #[inline(always)]
    pub(crate) fn level(&self, key: i64) -> Handle {
        let word = key >> GROUP_SHIFT;
        let group = match self.window.get(self.position(word)) {
            Some(group) => group,
            None if self.beyond.is_empty() => return NIL,
            None => match self.beyond.get(&word) {
                Some(group) => group,
                None => return NIL,
            },
        };
        if group.pages[page_index(key)] == NIL { NIL } else { group.level(key) }
    }

    /// Gives `key` a level, which it must not have yet.
    #[cold]
    #[inline(never)]
    pub(crate) fn make_level(&mut self, slab: &mut Slab, key: i64) -> Handle {
        let word = key >> GROUP_SHIFT;
        let tag = self.tag;
        let group = self.make_group(slab, word);
        let page = page_index(key);
        if group.pages[page] == NIL {
            group.pages[page] = slab.take_page(tag, key & !(PAGE_LEVELS as i64 - 1));
        }
        group.level(key)
    }

    /// The group of this number, wherever there is room for it.
    fn make_group(&mut self, slab: &mut Slab, word: i64) -> &mut Group {
        if self.window.is_empty() {
            self.move_window(slab, word - WINDOW_GROUPS_FIRST as i64 / 2, WINDOW_GROUPS_FIRST);
        }
        if self.position(word) >= self.window.len() && !self.beyond.contains_key(&word) {
            self.widen(slab, word);
        }
        let position = self.position(word);
        if position >= self.window.len() {
            self.visit_beyond(slab, word);
        }
        match self.position(word) {
            position if position < self.window.len() => &mut self.window[position],
            _ => self.beyond.entry(word).or_default(),
        }
    }

    /// Grows the window to take in the group `word`, if that is possible.
    fn widen(&mut self, slab: &mut Slab, word: i64) {
        let last = self.base + self.window.len() as i64 - 1;
        let (low, high) = (self.base.min(word), last.max(word));
        let span = high - low + 1;
        if span > WINDOW_GROUPS_MAX as i64 {
            return;
        }
        let len = (span as usize).next_power_of_two();
        // The slack goes to the side that the prices are moving to.
        let base = if word < self.base { high + 1 - len as i64 } else { low };
        self.move_window(slab, base, len);
    }

    /// Counts a visit to a group outside the window, and moves the window when there were too many.
    #[cold]
    #[inline(never)]
    fn visit_beyond(&mut self, slab: &mut Slab, word: i64) {
        self.beyond_visits += 1;
        if self.beyond_visits as usize <= self.window.len() + self.beyond.len() {
            return;
        }
        let best_word = if self.best == NIL { word } else { word.max(self.best_key >> GROUP_SHIFT) };
        // Levels are at or below the best one: three quarters of the window go there.
        let len = WINDOW_GROUPS_MAX;
        self.move_window(slab, best_word - (len as i64 * 3 / 4), len);
    }

    /// Moves the window; groups that fall out go to the map, those that fall in come from it.
    #[cold]
    #[inline(never)]
    fn move_window(&mut self, slab: &mut Slab, base: i64, len: usize) {
        let mut window = vec![Group::default(); len];
        let old = std::mem::take(&mut self.window);
        for (group, word) in old.into_iter().zip(self.base..) {
            match window.get_mut(word.wrapping_sub(base) as usize) {
                Some(place) => *place = group,
                None if group.occupied != 0 => {
                    self.beyond.insert(word, group);
                }
                None => give_pages(slab, &group, 0),
            }
        }
        let mut inside = self.beyond.split_off(&base);
        self.beyond.append(&mut inside.split_off(&(base + len as i64)));
        for (word, group) in inside {
            window[(word - base) as usize] = group;
        }
        self.base = base;
        self.window = window;
        self.beyond_visits = 0;
        self.groups_occupied = vec![0; len.div_ceil(64)];
        self.words_occupied = 0;
        for (i, group) in self.window.iter().enumerate() {
            if group.occupied != 0 {
                self.groups_occupied[i >> 6] |= 1 << (i & 63);
                self.words_occupied |= 1 << (i >> 6);
            }
        }
    }

    /// Notes that `level`, the level of `key`, has orders.
    #[inline(always)]
    pub(crate) fn occupy(&mut self, key: i64, level: Handle) {
        let i = self.position(key >> GROUP_SHIFT);
        if let Some(group) = self.window.get_mut(i) {
            let before = group.occupied;
            group.occupied = before | 1 << (key & 63);
            if before == 0 {
                self.groups_occupied[i >> 6] |= 1 << (i & 63);
                self.words_occupied |= 1 << (i >> 6);
            }
        } else {
            self.occupy_beyond(key);
        }
        // An empty side has the least possible key, so its first level passes this test too.
        if key >= self.best_key {
            self.best_key = key;
            self.best = level;
        }
    }

    #[cold]
    #[inline(never)]
    fn occupy_beyond(&mut self, key: i64) {
        self.beyond.entry(key >> GROUP_SHIFT).or_default().occupied |= 1 << (key & 63);
    }

    /// Notes that the level of `key` has no orders left, and finds the new best if it was the best.
    ///
    /// The level's memory may be given back: its handle is not to be used after this.
    #[inline(always)]
    pub(crate) fn vacate(&mut self, slab: &mut Slab, key: i64) {
        let i = self.position(key >> GROUP_SHIFT);
        if let Some(group) = self.window.get_mut(i) {
            group.occupied &= !(1 << (key & 63));
            if group.occupied == 0 {
                let word = &mut self.groups_occupied[i >> 6];
                *word &= !(1 << (i & 63));
                if *word == 0 {
                    self.words_occupied &= !(1 << (i >> 6));
                }
            }
        } else {
            self.vacate_beyond(slab, key);
        }
        if key == self.best_key {
            (self.best_key, self.best) = self.next_worse(key).unwrap_or((i64::MIN, NIL));
        }
    }

    #[cold]
    #[inline(never)]
    fn vacate_beyond(&mut self, slab: &mut Slab, key: i64) {
        let word = key >> GROUP_SHIFT;
        if let Some(group) = self.beyond.get_mut(&word) {
            group.occupied &= !(1 << (key & 63));
            if group.occupied == 0 {
                give_pages(slab, group, 0);
                self.beyond.remove(&word);
            }
        }
        self.beyond_visits += 1;
    }

    /// The best occupied level that is worse than `key`: its key and handle.
    #[inline(always)]
    pub(crate) fn next_worse(&self, key: i64) -> Option<(i64, Handle)> {
        let inside = self.next_worse_inside(key);
        if self.beyond.is_empty() { inside } else { self.next_worse_beyond(key).max(inside) }
    }

    #[inline(always)]
    fn next_worse_inside(&self, key: i64) -> Option<(i64, Handle)> {
        let word = key >> GROUP_SHIFT;
        let mut end = word.wrapping_sub(self.base);
        if end < 0 {
            return None;
        }
        if (end as usize) < self.window.len() {
            let found = self.window[end as usize].highest(word, below(key));
            if found.is_some() {
                return found;
            }
        } else {
            end = self.window.len() as i64;
        }
        self.highest_before(end as usize)
    }

    /// The highest occupied level among the first `end` groups of the window.
    #[inline(always)]
    fn highest_before(&self, end: usize) -> Option<(i64, Handle)> {
        let mut w = end >> 6;
        let mut bits = match self.groups_occupied.get(w) {
            Some(word) => word & ((1 << (end & 63)) - 1),
            None => 0,
        };
        if bits == 0 {
            let words = if w >= 64 { self.words_occupied } else { self.words_occupied & ((1 << w) - 1) };
            if words == 0 {
                return None;
            }
            w = 63 - words.leading_zeros() as usize;
            bits = self.groups_occupied[w];
        }
        let i = w << 6 | (63 - bits.leading_zeros() as usize);
        self.window[i].highest(self.base + i as i64, u64::MAX)
    }

    #[cold]
    #[inline(never)]
    fn next_worse_beyond(&self, key: i64) -> Option<(i64, Handle)> {
        let word = key >> GROUP_SHIFT;
        let own = self.beyond.get(&word).and_then(|group| group.highest(word, below(key)));
        own.or_else(|| self.beyond.range(..word).next_back().and_then(|(&word, group)| group.highest(word, u64::MAX)))
    }

    /// Every occupied level, best first.
    pub(crate) fn levels(&self) -> impl Iterator<Item = (i64, Handle)> + '_ {
        let first = (self.best != NIL).then_some((self.best_key, self.best));
        std::iter::successors(first, |&(key, _)| self.next_worse(key))
    }

    /// Gives back every page without an occupied level.
    pub(crate) fn give_empty_pages(&mut self, slab: &mut Slab) {
        for group in self.window.iter_mut().chain(self.beyond.values_mut()) {
            give_pages(slab, group, group.occupied);
            for (i, page) in group.pages.iter_mut().enumerate() {
                if page_bits(group.occupied, i) == 0 {
                    *page = NIL;
                }
            }
        }
    }

    /// Pages of levels in use.
    pub(crate) fn pages(&self) -> usize {
        self.window.iter().chain(self.beyond.values()).flat_map(|g| g.pages).filter(|&p| p != NIL).count()
    }

    /// Bytes on the heap, the ordered map's own nodes estimated from its entries.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.window.capacity() * size_of::<Group>()
            + self.groups_occupied.capacity() * size_of::<u64>()
            + self.beyond.len() * (size_of::<Group>() + size_of::<i64>()) * 2
    }

    /// Says what is wrong with the summary bits, if anything is.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (i, group) in self.window.iter().enumerate() {
            let marked = self.groups_occupied[i >> 6] >> (i & 63) & 1 == 1;
            if marked != (group.occupied != 0) {
                return Err(format!("group {i}: summary bit {marked}, occupied {:#x}", group.occupied));
            }
            if (0..GROUP_PAGES).any(|p| page_bits(group.occupied, p) != 0 && group.pages[p] == NIL) {
                return Err(format!("group {i}: an occupied level without memory"));
            }
        }
        for (i, word) in self.groups_occupied.iter().enumerate() {
            if (self.words_occupied >> i & 1 == 1) != (*word != 0) {
                return Err(format!("summary word {i} is {word:#x} and its own bit does not say so"));
            }
        }
        match self.beyond.iter().find(|(word, group)| group.occupied == 0 || self.position(**word) < self.window.len())
        {
            Some((word, _)) => Err(format!("group {word} is in the map but empty or inside the window")),
            None => Ok(()),
        }
    }
}

/// The occupied bits of one page of a group.
fn page_bits(occupied: u64, page: usize) -> u64 {
    occupied >> (page * PAGE_LEVELS) & ((1 << PAGE_LEVELS) - 1)
}

/// Gives back the pages of a group that have no bit in `occupied`.
fn give_pages(slab: &mut Slab, group: &Group, occupied: u64) {
    for (i, &page) in group.pages.iter().enumerate() {
        if page != NIL && page_bits(occupied, i) == 0 {
            slab.give_page(page);
        }
    }
}
