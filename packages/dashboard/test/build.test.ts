/** The page as it is shipped: small, whole, and with nothing from elsewhere. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../../cli/dashboard/', import.meta.url));
const files = readdirSync(folder);
const text = (name: string): string => readFileSync(folder + name, 'utf8');

describe('the build', () => {
  it('is the files that the server knows, at most 120 KB of them compressed', () => {
    expect(files.sort()).toEqual(['dashboard.css', 'dashboard.js', 'icon.svg', 'index.html']);
    const bytes = files.reduce((sum, name) => sum + gzipSync(text(name)).length, 0);
    expect(bytes).toBeLessThan(120 * 1024);
  });

  it('loads nothing from elsewhere, and has neither scripts nor styles inline', () => {
    const html = text('index.html');
    expect(html).not.toMatch(/https?:/);
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style|style=|\son\w+=/);
    expect(text('dashboard.css')).not.toMatch(/url\(|@import/);
    expect(text('dashboard.js')).not.toMatch(/\beval\(|new Function\(/);
  });
});
