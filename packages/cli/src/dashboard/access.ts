/**
 * Who may see the dashboard: whoever has the token of the printed address, in a browser that was sent there by it.
 *
 * A page from elsewhere in the same browser can send requests to 127.0.0.1, too. So every request must name a host that
 * this server has (DNS rebinding), must not come from another origin, and must carry a cookie that only the printed
 * address sets and that the browser sends with no request from another site.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

/** Longest path and query that is answered. */
export const URL_BYTES_MAX = 2048;

/** A token of 256 bits, as text. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether an address is this machine's alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** Headers of every answer: nothing from elsewhere, nothing inline, no framing, no guessing of types. */
export const SECURITY_HEADERS: OutgoingHttpHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Why a request is refused. */
export interface Refusal {
  status: number;
  message: string;
}

/** Checks requests to one server. */
export class Access {
  readonly #token: Buffer;
  readonly #cookie: string;
  readonly #hosts: ReadonlySet<string>;

  constructor(token: string, host: string, port: number) {
    this.#token = Buffer.from(token);
    // Cookies are shared by all ports of a host.
    this.#cookie = `toprung_${port}`;
    this.#hosts = new Set(hostNames(host).map((name) => `${name.includes(':') ? `[${name}]` : name}:${port}`));
  }

  /** Refuses what does not come from this server's own page; `undefined` if it does, or names no origin and need not. */
  refuseForeign(request: IncomingMessage, mustHaveOrigin: boolean): Refusal | undefined {
    const { host, origin } = request.headers;
    if (host === undefined || !this.#hosts.has(host.toLowerCase())) {
      return { status: 421, message: `this server is not ${host ?? 'a host without a name'}` };
    }
    if (origin === undefined ? mustHaveOrigin : origin.toLowerCase() !== `http://${host.toLowerCase()}`) {
      return { status: 403, message: `expected the origin http://${host}, got ${origin ?? 'none'}` };
    }
    return undefined;
  }

  /** Whether a text is the token. */
  isToken(text: string): boolean {
    const given = Buffer.from(text);
    return given.length === this.#token.length && timingSafeEqual(given, this.#token);
  }

  /** Whether a request carries the cookie. */
  hasCookie(request: IncomingMessage): boolean {
    const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
    const ours = pairs.find((pair) => pair.startsWith(`${this.#cookie}=`));
    return ours !== undefined && this.isToken(ours.slice(this.#cookie.length + 1));
  }

  /** Whether a request carries the token itself, as Prometheus can: `Authorization: Bearer TOKEN`. */
  hasBearer(request: IncomingMessage): boolean {
    const [scheme, token, ...more] = (request.headers.authorization ?? '').split(' ');
    return scheme === 'Bearer' && token !== undefined && more.length === 0 && this.isToken(token);
  }

  /** The cookie, for whoever came with the token. */
  setCookie(): string {
    return `${this.#cookie}=${this.#token.toString()}; HttpOnly; SameSite=Strict; Path=/`;
  }
}

/** The names under which a server that listens on `host` may be called. */
function hostNames(host: string): string[] {
  const local = ['127.0.0.1', 'localhost', '::1'];
  if (isLoopback(host)) return [...local, host];
  const isAny = host === '0.0.0.0' || host === '::';
  if (!isAny) return [...local, host.toLowerCase()];
  const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address));
  return [...local, ...own, hostname().toLowerCase()];
}
