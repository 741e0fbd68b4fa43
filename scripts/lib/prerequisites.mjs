// The three things that a machine must have, checked before anything is built: one line for each that is missing.
import { firstLine } from './workspace.mjs';

/** Oldest supported versions; the same figures are in package.json (engines) and Cargo.toml (rust-version). */
export const minimum = { node: [20, 19], cargo: [1, 95] };

const getNode = 'get it from https://nodejs.org or with your version manager, e.g. `nvm install 20`';
const getCargo = 'get it from https://rustup.rs, then `rustup update stable`';
const getCc = {
  darwin: 'get it with `xcode-select --install`',
  linux: "get it with `apt install build-essential`, `dnf install gcc` or your distribution's equal",
};

/** One line per missing prerequisite; an empty list when the machine can build toprung. */
export function missingPrerequisites() {
  const missing = [];
  if (!atLeast(process.versions.node, minimum.node)) {
    missing.push(`Node >= ${minimum.node.join('.')} is needed and this is ${process.versions.node}: ${getNode}`);
  }
  const cargo = firstLine('cargo', ['--version'])?.match(/cargo (\d+\.\d+\.\d+)/)?.[1];
  if (!cargo) {
    missing.push(`cargo >= ${minimum.cargo.join('.')} is needed and was not found on PATH: ${getCargo}`);
  } else if (!atLeast(cargo, minimum.cargo)) {
    missing.push(`cargo >= ${minimum.cargo.join('.')} is needed and this is ${cargo}: ${getCargo}`);
  }
  // On Windows the MSVC linker is found by cargo itself, and it explains its absence well.
  if (process.platform !== 'win32' && !firstLine('cc', ['--version'])) {
    missing.push(`a C compiler (cc) is needed and was not found on PATH: ${getCc[process.platform] ?? getCc.linux}`);
  }
  return missing;
}

/** Ends the process with exit code 2 and one line per missing prerequisite. */
export function requirePrerequisites() {
  const missing = missingPrerequisites();
  if (missing.length === 0) return;
  for (const line of missing) console.error(`toprung: ${line}`);
  process.exit(2);
}

function atLeast(version, [major, minor]) {
  const [a, b] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}
