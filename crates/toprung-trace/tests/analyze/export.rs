//! Exports, read back.

use std::path::Path;

use serde_json::Value;
use toprung_trace::analyze::export::{ExportOptions, Format, export};
use toprung_trace::analyze::{Options, analyze, load, verify};

use crate::{Folder, write_orders};

fn exported(folder: &Folder, format: Format, options: &ExportOptions) -> String {
    let (from, to) = (folder.file("a.fxt.gz"), folder.file("out"));
    if !from.exists() {
        write_orders(&from, 400, 300);
    }
    export(&from, &to, format, options).unwrap();
    std::fs::read_to_string(to).unwrap()
}

#[test]
fn collapsed_stacks_add_up_to_the_trace() {
    let folder = Folder::new("collapsed");
    let text = exported(&folder, Format::Collapsed, &ExportOptions::default());
    let sum: u64 = text.lines().map(|l| l.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum();
    let found = analyze(&load(&folder.file("a.fxt.gz")).unwrap(), &Options::default());
    assert_eq!(sum, found.total);
    assert!(text.lines().any(|l| l.starts_with("order;match ")));
    let orders = exported(&folder, Format::Collapsed, &ExportOptions { orders_only: true, ..ExportOptions::default() });
    assert_eq!(orders, text, "there is nothing between these orders");
}

#[test]
fn speedscope_events_open_and_close_strictly_nested() {
    let folder = Folder::new("speedscope");
    for options in [ExportOptions::default(), ExportOptions { order: Some(3), ..ExportOptions::default() }] {
        let doc: Value = serde_json::from_str(&exported(&folder, Format::Speedscope, &options)).unwrap();
        assert_eq!(doc["$schema"], "https://www.speedscope.app/file-format-schema.json");
        let profile = &doc["profiles"][0];
        assert_eq!((profile["type"].as_str(), profile["unit"].as_str()), (Some("evented"), Some("nanoseconds")));
        let (mut open, mut last) = (Vec::new(), 0);
        let events = profile["events"].as_array().unwrap();
        assert!(!events.is_empty());
        for e in events {
            let (frame, at) = (e["frame"].as_u64().unwrap(), e["at"].as_u64().unwrap());
            assert!(at >= last && at <= profile["endValue"].as_u64().unwrap());
            last = at;
            if e["type"] == "O" {
                open.push(frame);
            } else {
                assert_eq!(open.pop(), Some(frame));
            }
        }
        assert!(open.is_empty());
    }
}

#[test]
fn chrome_events_have_their_arguments() {
    let folder = Folder::new("chrome");
    let doc: Value = serde_json::from_str(&exported(&folder, Format::Chrome, &ExportOptions::default())).unwrap();
    let events = doc["traceEvents"].as_array().unwrap();
    let order = events.iter().find(|e| e["name"] == "order" && e["args"]["command"] == 3).unwrap();
    assert_eq!((order["ph"].as_str(), order["args"]["allocations"].as_u64()), (Some("X"), Some(1)));
    assert_eq!(order["ts"].as_f64(), Some(30.0));
    assert!(events.iter().any(|e| e["ph"] == "M" && e["args"]["name"] == "main"));
}

#[test]
fn a_window_is_a_sound_trace_of_its_own() {
    let folder = Folder::new("window");
    let from = folder.file("a.fxt.gz");
    write_orders(&from, 400, 300);
    let to = folder.file("window.fxt.gz");
    export(&from, &to, Format::Fxt, &ExportOptions { order: Some(200), ..ExportOptions::default() }).unwrap();
    let found = verify(&to).unwrap();
    assert!(found.sound, "{:?}", found.problems);
    let orders = analyze(&load(&to).unwrap(), &Options::default()).orders.unwrap();
    assert!((9..=12).contains(&orders.count), "50 µs before and after at an order in 10 µs: {}", orders.count);
}

/// Well formed as far as a flame graph goes: every tag closes, and no reference leads out of the file.
fn check_svg(svg: &str) {
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1) {
        let tag = tag.split_once('>').expect("a tag has an end").0;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert!(open.is_empty(), "{open:?}");
    for outside in ["href", "url(", "@import", "<script"] {
        assert!(!svg.contains(outside), "{outside}");
    }
    assert_eq!(svg.matches("http").count(), 1, "the name space and nothing else");
}

#[test]
fn a_flame_graph_needs_nothing_else_and_follows_light_and_dark() {
    let folder = Folder::new("svg");
    let options = ExportOptions { title: Some("a < b & \"c\"".into()), ..ExportOptions::default() };
    let svg = exported(&folder, Format::Svg, &options);
    check_svg(&svg);
    assert!(svg.contains("a &lt; b &amp; &quot;c&quot;") && svg.contains("prefers-color-scheme:dark"));
    assert!(svg.contains("<title>match: "));
}

#[test]
fn a_differential_flame_graph_shows_the_path_that_grew() {
    let folder = Folder::new("differential");
    let (a, b, to) = (folder.file("a.fxt.gz"), folder.file("b.fxt.gz"), folder.file("out.svg"));
    write_orders(&a, 400, 300);
    write_orders(&b, 400, 600);
    let against = |path: &Path| ExportOptions { against: Some(path.to_owned()), ..ExportOptions::default() };
    let drawn = |from: &Path, options: &ExportOptions| {
        export(from, &to, Format::Svg, options).unwrap();
        let svg = std::fs::read_to_string(&to).unwrap();
        check_svg(&svg);
        // Of every frame its class and its title.
        let frame = |group: &str| {
            let title = group.split_once("</title>")?.0.to_owned();
            let class = group.split_once("class=\"f ")?.1.split_once('"')?.0.to_owned();
            Some((title, class))
        };
        svg.split("<g><title>").skip(1).filter_map(frame).collect::<Vec<_>>()
    };
    let of = |frames: &[(String, String)], name: &str| {
        let (title, class) = frames.iter().find(|(title, _)| title.starts_with(&format!("{name}: "))).unwrap();
        (title.clone(), class.clone())
    };
    let grown = drawn(&b, &against(&a));
    let (title, class) = of(&grown, "match");
    assert!(class == "more3" && title.contains("own 206 ns before, 506 ns now"), "{class} {title}");
    assert_eq!(of(&drawn(&a, &against(&b)), "match").1, "less3");
    assert!(drawn(&a, &against(&a)).iter().all(|(_, class)| class == "same" || class == "all"));

    for refused in [
        export(&b, &to, Format::Chrome, &against(&a)),
        export(&b, &to, Format::Svg, &ExportOptions { order: Some(3), ..against(&a) }),
        export(
            &b,
            &to,
            Format::Svg,
            &against(&{
                let samples = folder.file("a.perf");
                std::fs::write(&samples, "1/1 1.5:  1 cycles:u: \n\t 1f main+0x1 (/x)\n\n").unwrap();
                samples
            }),
        ),
    ] {
        assert_eq!(refused.unwrap_err().code(), "ERR_TOPRUNG_TRACE_OPTION");
    }
}

#[test]
fn samples_export_as_what_they_are() {
    let folder = Folder::new("samples");
    let from = folder.file("a.perf");
    let sample = |n: u64, f: &str| format!("1/1 {n}.5:  1 cycles:u: \n\t 1f {f}+0x1 (/x)\n\t 2f main+0x1 (/x)\n\n");
    std::fs::write(&from, (0..10).map(|n| sample(n, if n < 7 { "a<T>" } else { "b" })).collect::<String>()).unwrap();
    let to = folder.file("out");
    let written = |format, to: &Path| {
        export(&from, to, format, &ExportOptions::default()).unwrap();
        std::fs::read_to_string(to).unwrap()
    };
    assert_eq!(written(Format::Collapsed, &to), "main;a<T> 7\nmain;b 3\n");
    let doc: Value = serde_json::from_str(&written(Format::Speedscope, &to)).unwrap();
    assert_eq!(doc["profiles"][0]["samples"].as_array().unwrap().len(), 10);
    check_svg(&written(Format::Svg, &to));
    let refused = export(&from, &to, Format::Fxt, &ExportOptions::default()).unwrap_err();
    assert_eq!(refused.code(), "ERR_TOPRUNG_TRACE_OPTION");
    let nowhere = export(&from, &folder.file("no/such/folder"), Format::Svg, &ExportOptions::default()).unwrap_err();
    assert_eq!(nowhere.code(), "ERR_TOPRUNG_TRACE_FILE");
}
