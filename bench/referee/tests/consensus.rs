//! The C interface over the consensus flows: the whole report stream, across a thread, to its SHA-256.

use std::ffi::c_void;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use sha2::{Digest as _, Sha256};
use toprung_book::{Command, CommandKind, Side, TimeInForce};
use toprung_data::Source;
use toprung_data::flow::read_commands;
use toprung_referee::layout::{Body, Message, Modify, NewOrder, Report, Transport};
use toprung_referee::{
    engine_flush, engine_get_transport, engine_init, engine_on_batch, engine_on_cancel, engine_on_modify,
    engine_on_new_order, engine_query_best_ask, engine_query_best_bid, engine_query_depth_at, engine_shutdown,
};

/// The interface has one engine per process: tests take turns.
static TURN: Mutex<()> = Mutex::new(());

fn message(sequence_number: u64, cmd: &Command) -> Message {
    let (order_id, side, quantity) = (cmd.id, cmd.side as u8, cmd.qty as u32);
    let order = NewOrder { order_id, sequence_number, ..NewOrder::default() };
    let (kind, body) = match cmd.kind {
        CommandKind::Cancel => (1, Body { new_order: order }),
        CommandKind::Replace => {
            let (new_price_ticks, new_quantity, reserved) = (cmd.price, quantity, [0; 3]);
            (2, Body { modify: Modify { order_id, sequence_number, new_price_ticks, new_quantity, side, reserved } })
        }
        _ => {
            let ioc = u8::from(cmd.tif == TimeInForce::Ioc);
            (0, Body { new_order: NewOrder { price_ticks: cmd.price, quantity, side, ioc, ..order } })
        }
    };
    Message { kind, reserved: [0; 7], body }
}

/// How messages are delivered.
#[derive(Clone, Copy)]
enum Delivery {
    OneByOne,
    InBatches(usize),
}

fn deliver(messages: &[Message], delivery: Delivery) {
    match delivery {
        Delivery::InBatches(n) => {
            for batch in messages.chunks(n) {
                // SAFETY: the messages live through the call.
                unsafe { engine_on_batch(batch.as_ptr(), batch.len() as u32) };
            }
        }
        Delivery::OneByOne => {
            for m in messages {
                // SAFETY: the member named by `kind` was written, and lives through the call.
                unsafe {
                    match m.kind {
                        0 => engine_on_new_order(&raw const m.body.new_order),
                        1 => engine_on_cancel(&raw const m.body.cancel),
                        _ => engine_on_modify(&raw const m.body.modify),
                    }
                }
            }
        }
    }
    engine_flush();
}

/// A queue handle that may cross to the draining thread.
#[derive(Clone, Copy)]
struct Sink(*mut c_void);

// SAFETY: the queue behind the handle is made for one pushing and one draining thread.
unsafe impl Send for Sink {}

/// Runs messages through the interface; another thread drains `transport`.
fn run(transport: &Transport, messages: &[Message], delivery: Delivery) -> Vec<Report> {
    // A small queue, so that it runs full.
    // SAFETY: the transport's own functions, on the queue they made.
    let sink = Sink(unsafe { (transport.create)(1024) });
    let finished = AtomicBool::new(false);
    let reports = std::thread::scope(|scope| {
        let drain = transport.drain;
        let finished = &finished;
        let consumer = scope.spawn(move || {
            let Sink(queue) = { sink };
            let (mut all, mut buffer) = (Vec::new(), [Report::default(); 256]);
            loop {
                let last = finished.load(Ordering::Acquire);
                // SAFETY: this is the one draining thread, and the buffer has room for its length.
                let n = unsafe { drain(queue, buffer.as_mut_ptr(), buffer.len() as u32) } as usize;
                all.extend_from_slice(&buffer[..n]);
                if n == 0 {
                    if last {
                        return all;
                    }
                    std::thread::yield_now();
                }
            }
        });
        // SAFETY: the queue lives until after `engine_shutdown`.
        unsafe { engine_init(1, transport, sink.0) };
        deliver(messages, delivery);
        finished.store(true, Ordering::Release);
        consumer.join().expect("the consumer does not panic")
    });
    engine_shutdown();
    // SAFETY: nobody uses the queue any more.
    unsafe { (transport.destroy)(sink.0) };
    reports
}

fn text(mut reports: Vec<Report>) -> String {
    reports.sort_by_key(|r| (r.sequence_number, r.kind));
    let line = |r: &Report| {
        let (seq, id, side) = (r.sequence_number, r.order_id, r.side);
        match r.kind {
            0 => format!("0,{seq},{side},{id},{},{}", r.price_ticks, r.quantity),
            1 => format!("1,{seq},{},{},{},{}", r.price_ticks, r.quantity, r.maker_order_id, r.taker_order_id),
            2 => format!("2,{seq},{side},{id},{}", r.price_ticks),
            3 => format!("3,{seq},{side},{id},{},{}", r.price_ticks, r.quantity),
            kind => format!("{kind},{seq},{id}"),
        }
    };
    reports.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A queue that is not ours, to see that the interface uses whatever it is given.
mod foreign {
    use super::*;
    use std::collections::VecDeque;

    type Queue = Mutex<VecDeque<Report>>;

    unsafe extern "C" fn create(_: u32) -> *mut c_void {
        Box::into_raw(Box::new(Queue::default())).cast()
    }
    unsafe extern "C" fn push(queue: *mut c_void, report: *const Report) -> i32 {
        // SAFETY: `create` made the queue, and the report lives through the call.
        let (queue, report) = unsafe { (&*queue.cast::<Queue>(), *report) };
        let mut queue = queue.lock().expect("no panic while locked");
        if queue.len() >= 1000 {
            return 0;
        }
        queue.push_back(report);
        1
    }
    unsafe extern "C" fn drain(queue: *mut c_void, out: *mut Report, max: u32) -> u32 {
        // SAFETY: `create` made the queue.
        let mut queue = unsafe { &*queue.cast::<Queue>() }.lock().expect("no panic while locked");
        let n = queue.len().min(max as usize);
        for (i, report) in queue.drain(..n).enumerate() {
            // SAFETY: the caller has room for `max` reports.
            unsafe { out.add(i).write(report) };
        }
        n as u32
    }
    unsafe extern "C" fn flush(_: *mut c_void) {}
    unsafe extern "C" fn destroy(queue: *mut c_void) {
        // SAFETY: `create` made the queue, and nobody uses it any more.
        drop(unsafe { Box::from_raw(queue.cast::<Queue>()) });
    }
    pub(super) static TRANSPORT: Transport = Transport { create, push, drain, flush, destroy };
}

fn own() -> &'static Transport {
    // SAFETY: the interface gives a transport that lives for ever.
    unsafe { &*engine_get_transport() }
}

#[test]
fn every_consensus_flow_gives_its_hash_however_it_is_delivered() {
    let _turn = TURN.lock();
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/flow_consensus");
    let Ok(hashes) = std::fs::read_to_string(folder.join("HASHES.txt")) else {
        // Not through the macro, whose output a passing test keeps to itself.
        let _ = writeln!(std::io::stderr(), "SKIPPED referee: ../shared/data not present");
        return;
    };
    let rows = hashes.lines().filter(|l| !l.starts_with('#')).map(|l| l.split(' ').collect::<Vec<_>>());
    for (n, fields) in rows.enumerate() {
        let path = folder.join(format!("{}.cmds.csv.zst", fields[0]));
        let commands = Source::open(&path).and_then(read_commands).expect("the flow reads");
        let messages: Vec<Message> = commands.iter().enumerate().map(|(i, c)| message(i as u64, c)).collect();
        let mut runs = vec![(own(), Delivery::InBatches(1000)), (own(), Delivery::OneByOne)];
        if n == 0 {
            // Slow, and the same for every flow.
            runs.push((&foreign::TRANSPORT, Delivery::InBatches(7)));
        }
        for (transport, delivery) in runs {
            let sha = Sha256::digest(text(run(transport, &messages, delivery)));
            let hex: String = sha.iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(hex, fields[6], "{}", fields[0]);
        }
    }
}

#[test]
fn queries_see_the_book_between_messages() {
    let _turn = TURN.lock();
    assert_eq!((engine_query_best_bid(), engine_query_best_ask()), (i64::MIN, i64::MAX));
    let transport = own();
    // SAFETY: the transport's own function.
    let sink = unsafe { (transport.create)(64) };
    // SAFETY: the queue lives until after `engine_shutdown`.
    unsafe { engine_init(1, transport, sink) };
    let commands = [
        Command::limit(u64::MAX, Side::Buy, i64::MIN, 5),
        Command::limit(0, Side::Sell, i64::MAX, 6),
        Command::limit(7, Side::Buy, 100, 7),
        Command::limit(8, Side::Buy, 100, 8),
    ];
    let messages: Vec<Message> = commands.iter().enumerate().map(|(i, c)| message(i as u64, c)).collect();
    deliver(&messages, Delivery::OneByOne);
    assert_eq!((engine_query_best_bid(), engine_query_best_ask()), (100, i64::MAX));
    assert_eq!(engine_query_depth_at(100, 0), 15);
    assert_eq!(engine_query_depth_at(i64::MIN, 0), 5);
    assert_eq!(engine_query_depth_at(i64::MAX, 1), 6);
    assert_eq!(engine_query_depth_at(100, 1), 0);
    engine_shutdown();
    // SAFETY: nobody uses the queue any more.
    unsafe { (transport.destroy)(sink) };
}
