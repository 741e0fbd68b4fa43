//! Every model against the numbers that theory has for it, as far as some seconds go; `npm run oracle` is the rest.

use toprung_sim::oracle::{Effort, GROUPS};

fn agrees(name: &str) {
    let group = GROUPS.iter().find(|g| g.name == name).expect("a group of this name");
    let cells = (group.cells)(Effort::Fast);
    assert!(!cells.is_empty());
    for cell in &cells {
        let (estimate, se) = (cell.estimate, cell.standard_error);
        eprintln!("{}: {estimate:.5} ± {se:.5}, expected {:.5}", cell.name, cell.expected);
    }
    for cell in &cells {
        assert!(cell.agrees(), "{cell:?}, bound {}", cell.bound());
    }
}

macro_rules! groups {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            agrees($name);
        })*

        #[test]
        fn every_group_is_tested() {
            let tested = [$($name),*];
            assert_eq!(GROUPS.map(|g| g.name), tested);
        }
    };
}

groups! {
    santa_fe: "santa-fe",
    santa_fe_ticks: "santa-fe-ticks",
    cst_mid_up: "cst-mid-up",
    cst_fills: "cst-fills",
    cst_stationary: "cst-stationary",
    cont_de_larrard: "cont-de-larrard",
    queue_reactive: "queue-reactive",
    hawkes: "hawkes",
    order_splitting: "order-splitting",
    season: "season",
    epps: "epps",
    avellaneda_stoikov: "avellaneda-stoikov",
    kyle: "kyle",
    glosten_milgrom: "glosten-milgrom",
}
