//! The commands of a journal, without carrying them out.

use std::path::Path;

use toprung_book::{Book, Command};

use super::dir::Listing;
use super::error::JournalError;
use super::inspect::config_of;
use super::replay::{Content, check_config, check_follows, scan};
use super::stamp::JournalConfig;

/// Every whole command of the journal in `dir`, from the first on, and what they are for. Nothing is changed; a torn tail is
/// left out. Takes 32 bytes of memory per command.
///
/// # Errors
/// Damage anywhere else than in the tail, missing segments, and a journal whose first segments are no longer there.
pub fn read_commands(dir: &Path) -> Result<(JournalConfig, Vec<Command>), JournalError> {
    let listing = Listing::of_journal(dir)?;
    let config = config_of::<Book>(&listing.segments[0].1)?;
    let (mut end, mut commands) = (0, Vec::new());
    for (i, segment) in listing.segments.iter().enumerate() {
        check_follows(dir, end, segment)?;
        check_config(&segment.1, &config, &config_of::<Book>(&segment.1)?)?;
        let is_last = i + 1 == listing.segments.len();
        let scanned = scan::<Book>(segment, is_last, |_, _, content| {
            if let Content::Commands(cmds) = content {
                commands.extend_from_slice(cmds);
            }
            Ok(())
        })?;
        end = scanned.end;
    }
    Ok((config, commands))
}
