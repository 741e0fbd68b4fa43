// A registry for tests: serves the tarballs of a folder on 127.0.0.1 as an npm registry would (metadata with os, cpu and
// libc, integrity), and sends everything else to the registry npm is configured for. Not for anything but tests.
//
//   node scripts/local-registry.mjs release 4899
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';

/**
 * Starts the registry; `close()` ends it.
 *
 * @param {string} folder The tarballs.
 * @param {{ port?: number, upstream?: string }} options `port` 0 takes a free one; unknown packages go to `upstream`.
 */
export async function startRegistry(folder, { port = 0, upstream = 'https://registry.npmjs.org/' } = {}) {
  const packages = new Map();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.tgz'))) {
    const bytes = readFileSync(path.join(folder, file));
    const manifest = JSON.parse(fileInTar(gunzipSync(bytes), 'package/package.json'));
    packages.set(manifest.name, { file, bytes, manifest });
  }
  const asked = [];
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '/').slice(1).split('?')[0]);
    asked.push(name);
    const tarball = [...packages.values()].find((pkg) => name === `-/${pkg.file}`);
    if (tarball) return void response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(tarball.bytes);
    const pkg = packages.get(name);
    if (!pkg) return void response.writeHead(302, { location: new URL(request.url.slice(1), upstream).href }).end();
    const { version } = pkg.manifest;
    const dist = {
      tarball: `http://127.0.0.1:${server.address().port}/-/${pkg.file}`,
      integrity: `sha512-${createHash('sha512').update(pkg.bytes).digest('base64')}`,
    };
    const document = { name, 'dist-tags': { latest: version }, versions: { [version]: { ...pkg.manifest, dist } } };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    asked,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

/** The text of one file of an uncompressed tar archive. */
function fileInTar(tar, wanted) {
  for (let at = 0; at + 512 <= tar.length; ) {
    const field = (from, length) => tar.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(field(124, 12).trim() || '0', 8);
    if (field(0, 100) === wanted) return tar.toString('utf8', at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error(`${wanted} is not in the archive`);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [folder = 'release', port = '4899'] = process.argv.slice(2);
  const { url } = await startRegistry(folder, { port: Number(port) });
  console.log(`serving ${folder} at ${url}`);
}
