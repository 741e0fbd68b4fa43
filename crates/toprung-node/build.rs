//! Link settings that node needs of an addon.

fn main() {
    napi_build::setup();
}
