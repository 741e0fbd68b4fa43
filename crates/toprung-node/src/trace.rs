//! Traces: magic-trace's hook, recorded runs on a native thread of their own, and trace files as columns.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvError, Sender, channel};
use std::time::Duration;

use napi::bindgen_prelude::{AsyncTask, Float64Array, Uint8Array, Uint32Array};
use napi::{Env, Task};
use napi_derive::napi;
use serde_json::{Value, json};
use toprung_driver::{Controls, DriverError, RecordOptions, record};
use toprung_sim::SimError;
use toprung_trace::fxt::{self, ArgValue, EventKind, Trace};
use toprung_trace::{BreakpointProbe, TickClock, fire, stop_indicator_address, thread_id};

use crate::error::{Code, Result, config_error, error, error_at, guarded, to_json};
use crate::task::{Cancel, CancelFlag, Outcome, Pace, ProgressFn, outcome, report, unwrap};

/// Time between two looks at the cancel flag: a tenth of what an abort may take.
const CANCEL_EVERY: Duration = Duration::from_millis(10);

/// Most calls of the hook in one probe.
const PROBE_FIRES_MAX: u32 = 1_000_000;

/// Where `magic_trace_stop_indicator` is mapped, and the ids of this process and of the calling thread, as JSON. The
/// address is hexadecimal text: what `magic-trace attach -pid TID -trigger addr:` is given.
#[napi(catch_unwind)]
pub fn trace_info() -> Result<String> {
    guarded(|| {
        let clock = TickClock::get();
        to_json(&json!({
            "address": format!("{:#x}", stop_indicator_address()),
            "pid": std::process::id(),
            "tid": thread_id(),
            "clock": {
                "source": clock.source().name(),
                "ticksPerSecond": clock.ticks_per_second(),
                "readNs": clock.read_ns(),
                "resolutionNs": clock.resolution_ns(),
            },
        }))
    })
}

/// Calls magic-trace's hook on the calling thread, with an integer from 0 for whoever looks at the hit.
#[napi(catch_unwind)]
pub fn trace_mark(arg: f64) -> Result<()> {
    guarded(|| {
        fire(TickClock::get().now(), index("arg", arg, (1 << 53) - 1)?);
        Ok(())
    })
}

/// Calls the hook on the calling thread and, as often, on another, and counts the calls of the first with a hardware
/// breakpoint as magic-trace sets it; gives the counts, or why there is no breakpoint, as JSON.
#[napi(catch_unwind)]
pub fn trace_probe(fires: f64) -> Result<String> {
    guarded(|| {
        let fires = index("fires", fires, PROBE_FIRES_MAX.into())?;
        let mut probe = match BreakpointProbe::new(stop_indicator_address(), 0) {
            Ok(probe) => probe,
            Err(e) => return to_json(&json!({ "skipped": e.reason })),
        };
        let count = |probe: &BreakpointProbe| probe.count().map_err(|e| error(Code::Panic, e.to_string()));
        let other = std::thread::spawn(move || (0..fires).for_each(|n| fire(n, n)));
        if other.join().is_err() {
            return Err(error(Code::Panic, "the thread that calls the hook panicked"));
        }
        let of_other = count(&probe)?;
        (0..fires).for_each(|n| fire(n, n));
        let last = probe.hits().last().map(|hit| hit.second >> 1);
        to_json(&json!({ "hits": count(&probe)? - of_other, "otherThreadHits": of_other, "lastArg": last }))
    })
}

fn index(path: &str, value: f64, max: u64) -> Result<u64> {
    if value.trunc() != value || value < 0.0 || value > max as f64 {
        return Err(error_at(Code::OutOfRange, path, &format!("expected an integer from 0 to {max}, got {value}")));
    }
    Ok(value as u64)
}

/// What the thread of a tracer tells.
enum Said {
    Progress(u64, u64),
    Done(Outcome<String>),
}

/// A thread that waits to record a run. Its id is known before the run begins, so that magic-trace can be attached to it.
#[napi]
pub struct NativeTracer {
    controls: Controls,
    tid: u32,
    /// Lets the run begin; gone when it has.
    go: Option<(Sender<()>, Receiver<Said>)>,
}

#[napi]
impl NativeTracer {
    /// Checks the options of a recorded run, as JSON, and starts its thread, which waits. Without [`run`](Self::run) the
    /// thread ends when this is collected.
    #[napi(constructor, catch_unwind)]
    pub fn new(options: String) -> Result<NativeTracer> {
        guarded(|| {
            let options: RecordOptions = serde_json::from_str(&options).map_err(|e| {
                error(Code::Config, format!("expected the options of a recorded run as JSON, got an error: {e}"))
            })?;
            options.validate().map_err(driver_error)?;
            let armed = Arc::new(options.trigger.as_ref().is_none_or(|t| t.armed).into());
            let controls = Controls { armed, ..Controls::default() };
            let (go, wait) = channel();
            let (say, said) = channel();
            let (tell_tid, tid) = channel();
            let of_thread = controls.clone();
            let thread = std::thread::Builder::new().name("toprung-trace".to_owned()).spawn(move || {
                let known = tell_tid.send(thread_id());
                if known.is_ok() && wait.recv().is_ok() {
                    let done = outcome(|| run(&options, &of_thread, &say));
                    // If nobody listens any more, nobody is to be told.
                    let _ = say.send(Said::Done(done));
                }
            });
            thread.map_err(|e| error(Code::Of("ERR_TOPRUNG_THREADS"), format!("could not start a thread: {e}")))?;
            let tid = tid.recv().map_err(|RecvError| error(Code::Panic, "the tracer's thread did not start"))?;
            Ok(NativeTracer { controls, tid, go: Some((go, said)) })
        })
    }

    /// The id of the thread: what `magic-trace attach -pid` is given.
    #[napi(getter, catch_unwind)]
    pub fn tid(&self) -> u32 {
        self.tid
    }

    /// Whether the trigger may fire from now on.
    #[napi(catch_unwind)]
    pub fn arm(&self, on: bool) {
        self.controls.armed.store(on, Relaxed);
    }

    /// How far the run is, as JSON.
    #[napi(catch_unwind)]
    pub fn status(&self) -> Result<String> {
        guarded(|| {
            let status = &self.controls.status;
            to_json(&json!({
                "armed": self.controls.armed.load(Relaxed),
                "commands": status.commands.load(Relaxed),
                "hits": status.hits.load(Relaxed),
                "lastLatencyNs": status.last_latency_ns.load(Relaxed),
            }))
        })
    }

    /// Lets the run begin; gives its report, as JSON, when the trace is written. Once only.
    ///
    /// `onProgress` is given commands done and expected, at most ten times a second; the other two numbers are 0.
    #[napi(
        catch_unwind,
        ts_args_type = "cancel: CancelFlag, onProgress: (done: number, total: number, unused: number, unusedToo: number) \
                        => void",
        ts_return_type = "Promise<string>"
    )]
    pub fn run(&mut self, cancel: &CancelFlag, on_progress: ProgressFn) -> Result<AsyncTask<TracerTask>> {
        guarded(|| {
            let Some((go, said)) = self.go.take() else {
                return Err(error(Code::Config, "expected a tracer that has not run, got one that has: make another"));
            };
            let controls = self.controls.clone();
            Ok(AsyncTask::new(TracerTask { go, said, controls, cancel: cancel.share(), on_progress }))
        })
    }
}

/// The run itself, on the tracer's thread.
fn run(options: &RecordOptions, controls: &Controls, say: &Sender<Said>) -> Result<String> {
    let mut pace = Pace::default();
    let recorded = record(options, "node", controls, &mut |done, total| {
        if pace.is_due() && say.send(Said::Progress(done, total)).is_err() {
            // Nobody waits for the result.
            controls.cancel.store(true, Relaxed);
        }
    });
    to_json(&recorded.map_err(driver_error)?.report)
}

fn driver_error(e: DriverError) -> napi::Error<Code> {
    match e {
        DriverError::Option(c) | DriverError::Sim(SimError::Config(c)) => config_error(&c),
        other => error(Code::Of(other.code()), other.to_string()),
    }
}

/// Waits on the libuv pool for the tracer's thread.
pub struct TracerTask {
    go: Sender<()>,
    said: Receiver<Said>,
    controls: Controls,
    cancel: Cancel,
    on_progress: ProgressFn,
}

impl Task for TracerTask {
    type Output = Outcome<String>;
    type JsValue = String;

    fn compute(&mut self) -> napi::Result<Outcome<String>> {
        let cancelled = self.cancel.start();
        Ok(outcome(|| {
            let gone = || error(Code::Panic, "the tracer's thread ended without a result");
            self.go.send(()).map_err(|_| gone())?;
            loop {
                match self.said.recv_timeout(CANCEL_EVERY) {
                    Ok(Said::Progress(done, total)) => {
                        report(&self.on_progress, &self.cancel, (done as f64, total as f64, 0.0, 0.0));
                    }
                    Ok(Said::Done(done)) => return done.map_err(Into::into),
                    Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
                    Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return Err(gone()),
                }
                if cancelled.load(Relaxed) {
                    self.controls.cancel.store(true, Relaxed);
                }
            }
        }))
    }

    fn resolve(&mut self, env: Env, output: Outcome<String>) -> napi::Result<String> {
        unwrap(env, output)
    }
}

/// Reads the trace file `path`.
#[napi(catch_unwind, ts_return_type = "Promise<NativeTrace>")]
pub fn trace_read(path: String) -> Result<AsyncTask<ReadTask>> {
    guarded(|| Ok(AsyncTask::new(ReadTask { path: path.into() })))
}

/// Reading a trace file on the libuv pool.
pub struct ReadTask {
    path: PathBuf,
}

impl Task for ReadTask {
    type Output = Outcome<Trace>;
    type JsValue = NativeTrace;

    fn compute(&mut self) -> napi::Result<Outcome<Trace>> {
        Ok(outcome(|| fxt::read_file(&self.path).map_err(|e| error(Code::Of(e.code()), e.to_string()))))
    }

    fn resolve(&mut self, env: Env, output: Outcome<Trace>) -> napi::Result<NativeTrace> {
        unwrap(env, output).map(|trace| NativeTrace { trace: Arc::new(trace) })
    }
}

/// A trace, kept in Rust; its events come out as columns of equal length, in the order of time.
#[napi]
pub struct NativeTrace {
    trace: Arc<Trace>,
}

#[napi]
impl NativeTrace {
    /// Threads, texts, clock and quality, as JSON.
    #[napi(catch_unwind)]
    pub fn header(&self) -> Result<String> {
        guarded(|| {
            let Trace { texts, threads, clock, quality: q, events, args } = self.trace.as_ref();
            let thread = |t: &fxt::Thread| {
                json!({
                    "process": t.process, "name": t.name, "pid": t.pid, "tid": t.tid,
                    "processKoid": t.process_koid, "threadKoid": t.thread_koid,
                })
            };
            let nesting = self.trace.nesting();
            to_json(&json!({
                "eventCount": events.len(),
                "argCount": args.len(),
                "texts": texts,
                "threads": threads.iter().map(thread).collect::<Vec<Value>>(),
                "clock": {
                    "ticksPerSecond": clock.ticks_per_second, "baseTicks": clock.base_ticks, "baseTimeNs": clock.base_time_ns,
                },
                "quality": {
                    "clean": q.is_clean(), "bytes": q.bytes, "records": q.records, "cut": q.cut, "malformed": q.malformed,
                    "skipped": q.skipped, "unknownTexts": q.unknown_texts, "unknownThreads": q.unknown_threads,
                    "droppedByWriter": q.dropped_by_writer, "negativeSpans": q.negative_spans,
                },
                "nesting": {
                    "clean": nesting.is_clean(), "wrongPairs": nesting.wrong_pairs, "underflows": nesting.underflows,
                    "open": nesting.open, "depthMax": nesting.depth_max, "spans": nesting.spans,
                },
            }))
        })
    }

    /// When each event is, ns.
    #[napi(catch_unwind)]
    pub fn times(&self) -> Float64Array {
        self.floats(|e| e.time_ns as f64)
    }

    /// When each complete event ends, ns; of any other kind its time once more.
    #[napi(catch_unwind)]
    pub fn ends(&self) -> Float64Array {
        self.floats(|e| e.end_ns as f64)
    }

    /// Ids of counters, asynchronous and flow events; otherwise 0.
    #[napi(catch_unwind)]
    pub fn ids(&self) -> Float64Array {
        self.floats(|e| e.id as f64)
    }

    /// Index of each event's thread in the header.
    #[napi(catch_unwind)]
    pub fn threads(&self) -> Uint32Array {
        self.integers(|e| e.thread)
    }

    /// Index of each event's category in the header's texts.
    #[napi(catch_unwind)]
    pub fn categories(&self) -> Uint32Array {
        self.integers(|e| e.category.0)
    }

    /// Index of each event's name in the header's texts.
    #[napi(catch_unwind)]
    pub fn names(&self) -> Uint32Array {
        self.integers(|e| e.name.0)
    }

    /// What each event is: 0 instant, 1 counter, 2 begin, 3 end, 4 complete, 5 to 7 asynchronous, 8 to 10 flow.
    #[napi(catch_unwind)]
    pub fn kinds(&self) -> Uint8Array {
        Uint8Array::new(self.trace.events.iter().map(|e| kind(e.kind)).collect())
    }

    /// Where each event's arguments begin in the columns of arguments, and where the last one's end.
    #[napi(catch_unwind)]
    pub fn arg_starts(&self) -> Uint32Array {
        let starts = self.by_event().map(|(start, _)| start);
        Uint32Array::new(starts.chain([self.trace.args.len() as u32]).collect())
    }

    /// Index of each argument's name in the header's texts.
    #[napi(catch_unwind)]
    pub fn arg_names(&self) -> Uint32Array {
        Uint32Array::new(self.args().map(|a| a.name.0).collect())
    }

    /// What each argument is: 0 nothing, 1 integer, 2 double, 3 text, 4 address, 5 truth value, 6 bytes.
    #[napi(catch_unwind)]
    pub fn arg_types(&self) -> Uint8Array {
        Uint8Array::new(self.args().map(|a| value(a.value).0).collect())
    }

    /// Each argument's value: a number, the index of a text, 0 or 1, or how many bytes. Integers beyond 2^53 are rounded.
    #[napi(catch_unwind)]
    pub fn arg_values(&self) -> Float64Array {
        Float64Array::new(self.args().map(|a| value(a.value).1).collect())
    }

    /// Writes what happened from `from_ns` to `to_ns` to `path` as a trace of its own, gzipped if that ends in `.gz`.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn window(&self, path: String, from_ns: f64, to_ns: f64) -> Result<AsyncTask<WindowTask>> {
        guarded(|| {
            let max = u64::MAX >> 11;
            let span = (index("fromNs", from_ns, max)?, index("toNs", to_ns, max)?);
            Ok(AsyncTask::new(WindowTask { trace: Arc::clone(&self.trace), path: path.into(), span }))
        })
    }
}

impl NativeTrace {
    fn floats(&self, of: impl Fn(&fxt::Event) -> f64) -> Float64Array {
        Float64Array::new(self.trace.events.iter().map(of).collect())
    }

    fn integers(&self, of: impl Fn(&fxt::Event) -> u32) -> Uint32Array {
        Uint32Array::new(self.trace.events.iter().map(of).collect())
    }

    /// Where each event's arguments begin when they are put one behind the other, and the event.
    fn by_event(&self) -> impl Iterator<Item = (u32, &fxt::Event)> {
        self.trace.events.iter().scan(0, |start, e| {
            let begins = *start;
            *start += u32::from(e.args_len);
            Some((begins, e))
        })
    }

    /// The arguments in the order of their events, which is not that of the file.
    fn args(&self) -> impl Iterator<Item = &fxt::Arg> {
        self.trace.events.iter().flat_map(|e| self.trace.args_of(e))
    }
}

const fn kind(kind: EventKind) -> u8 {
    kind as u8
}

fn value(v: ArgValue) -> (u8, f64) {
    match v {
        ArgValue::Null => (0, 0.0),
        ArgValue::Int(v) => (1, v as f64),
        ArgValue::Unsigned(v) => (1, v as f64),
        ArgValue::Float(v) => (2, v),
        ArgValue::Text(id) => (3, f64::from(id.0)),
        ArgValue::Pointer(v) => (4, v as f64),
        ArgValue::Bool(v) => (5, f64::from(u8::from(v))),
        ArgValue::Blob(bytes) => (6, bytes as f64),
    }
}

/// Writing a part of a trace on the libuv pool.
pub struct WindowTask {
    trace: Arc<Trace>,
    path: PathBuf,
    span: (u64, u64),
}

impl Task for WindowTask {
    type Output = Outcome<()>;
    type JsValue = ();

    fn compute(&mut self) -> napi::Result<Outcome<()>> {
        Ok(outcome(|| {
            let bytes = fxt::window(&self.trace, self.span.0, self.span.1);
            let written = bytes.and_then(|bytes| fxt::write_file(&self.path, &bytes));
            written.map_err(|e| error(Code::Of(e.code()), e.to_string()))
        }))
    }

    fn resolve(&mut self, env: Env, output: Outcome<()>) -> napi::Result<()> {
        unwrap(env, output)
    }
}
