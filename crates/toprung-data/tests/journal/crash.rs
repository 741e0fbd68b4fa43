//! A process that is killed, and a disk that is full.

use std::path::Path;
use std::process::Command;

use toprung_book::{Book, Venue};
use toprung_data::journal::{EngineConfig, Kind};

use crate::crash_run;
use crate::flow::Flow;

const CHILD_DIR: &str = "TOPRUNG_CRASH_DIR";
const CHILD_SEED: &str = "TOPRUNG_CRASH_SEED";
const CHILD_KIND: &str = "TOPRUNG_CRASH_KIND";

/// This test program, told to run nothing but [`child_of_the_crash_test`].
fn spawn<E: Flow>(dir: &Path, seed: u64) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("the test program has a path"));
    command.args(["crash::child_of_the_crash_test", "--exact", "--nocapture", "--ignored"]);
    command.env(CHILD_DIR, dir).env(CHILD_SEED, seed.to_string()).env(CHILD_KIND, E::Config::KIND.name());
    command
}

#[test]
#[ignore = "not a test: what the crash test runs and kills"]
fn child_of_the_crash_test() {
    if let (Some(dir), Ok(seed)) = (std::env::var_os(CHILD_DIR), std::env::var(CHILD_SEED)) {
        let is_venue = std::env::var(CHILD_KIND).is_ok_and(|kind| kind == Kind::Venue.name());
        let child = if is_venue { crash_run::child::<Venue> } else { crash_run::child::<Book> };
        child(Path::new(&dir), seed.parse().expect("a seed"));
    }
}

#[test]
fn a_killed_process_loses_nothing_that_was_durable() {
    for report in [crash_run::run::<Book>(20, 3, &spawn::<Book>), crash_run::run::<Venue>(20, 3, &spawn::<Venue>)] {
        assert_eq!(report.kills, 20);
        assert!(report.commands > 0 && report.from_snapshot > 0, "{report:?}");
    }
}

/// The shell's limit on the size of files stands for a full disk: a write goes through in part, the next fails.
#[cfg(unix)]
#[test]
fn a_full_disk_ends_the_journal_with_an_error_and_the_torn_tail_is_cut() {
    use crate::flow::{commands, config, state};
    use crate::folder::Folder;
    use toprung_data::journal::{JournalOptions, JournaledBook, recover};
    const FULL_DIR: &str = "TOPRUNG_FULL_DIR";

    if let Some(dir) = std::env::var_os(FULL_DIR) {
        // The child, under the limit.
        let mut book =
            JournaledBook::create(Path::new(&dir), &config(1), &JournalOptions::default()).expect("the header fits");
        loop {
            let n = book.book().commands();
            let before = state(book.book());
            if let Err(e) = book.apply_batch(&commands(1, n, n + 37), &mut ()) {
                assert_eq!(e.code(), "ERR_TOPRUNG_JOURNAL_IO", "{e}");
                assert_eq!(state(book.book()), before, "what could not be written was not carried out");
                let again = book.apply_batch(&commands(1, n, n + 1), &mut ()).expect_err("errors are sticky");
                assert_eq!(again.code(), "ERR_TOPRUNG_JOURNAL_FAILED");
                assert!(again.to_string().contains(&e.to_string()), "{again}");
                assert_eq!(book.snapshot().expect_err("errors are sticky").code(), "ERR_TOPRUNG_JOURNAL_FAILED");
                return;
            }
        }
    }
    let folder = Folder::new();
    let test = "crash::a_full_disk_ends_the_journal_with_an_error_and_the_torn_tail_is_cut";
    let output = Command::new("sh")
        // 16 or 8 KiB, as the shell counts in blocks of 1,024 or 512 bytes; the signal that would kill is ignored.
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$1\" --exact --nocapture"])
        .arg(std::env::current_exe().expect("the test program has a path"))
        .arg(test)
        .env(FULL_DIR, folder.path())
        .output()
        .expect("there is a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let recovered = recover(folder.path()).expect("a torn tail is cut");
    assert!(recovered.cut.is_some() && recovered.commands > 100, "{:?}", recovered.cut);
    let mut book = Book::new(config(1).book);
    book.apply_batch(&commands(1, 0, recovered.commands), &mut ());
    assert_eq!(state(&recovered.book), state(&book));
}
