// Every call to the service: who is calling, how answers and refusals are read, and when a call is tried again.

export interface Options {
  signal?: AbortSignal;
  /** Let it outlive the page. */
  keepalive?: boolean;
  /** The service starts nothing more after so many seconds; without it, it does what it was asked for however late. */
  patience?: number;
  /** How often a call that changes nothing is tried again; those that change something are the outbox's to repeat. */
  tries?: number;
}

type Value = string | number | boolean | readonly string[] | null | undefined;

interface Given extends Options {
  query?: object;
  body?: unknown;
}

/** Who is calling: the headers of a key or a token. */
export interface TokenSource {
  headers(): Promise<Record<string, string>>;
}

/** The service said no, or did not answer: then the status is 0. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId = "",
    readonly retryAfter = 0,
  ) {
    super(message);
  }

  /** Nothing came of it: what a gateway says that waited in vain for the service is no answer. */
  get unanswered(): boolean {
    return [0, 502, 504].includes(this.status);
  }

  /** Whether the same call may work later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export const UNANSWERED = "The service does not answer.";

/** Somebody deleted the project, or there never was one. */
export const isProjectGone = (fault: unknown) => fault instanceof Refused && fault.code === "NotFoundProject";

let source: TokenSource | null = null;
let unauthorized = (_refused: Refused) => {};
let gone = (_projectId: string) => {};
let heard = (_silence: string) => {};
let slow = () => {};
const LONG_MS = 6000;

/** Tells `then` of each project that a call finds deleted. */
export const whenGone = (then: typeof gone) => void (gone = then);

/** Tells `then` of each call whether the service answered it: with nothing, or with what to say of its silence. */
export const whenHeard = (then: typeof heard) => void (heard = then);

/** Calls `then` where a call has no answer for long. */
export const whenSlow = (then: typeof slow) => void (slow = then);

/** From now on calls are made as this caller; `denied` hears of it when the service does not know it. */
export function callAs(caller: TokenSource | null, denied: (refused: Refused) => void = () => {}): void {
  source = caller;
  unauthorized = denied;
}

export async function send<T>(method: string, path: string, given: Given): Promise<T> {
  const tries = given.tries ?? (method === "GET" ? 3 : 1);
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await once<T>(method, path, given);
      heard("");
      return answer;
    } catch (fault) {
      if (!(fault instanceof Refused)) throw fault;
      if (!fault.passing || attempt >= tries) {
        heard(fault.unanswered ? fault.message : "");
        throw fault;
      }
      await new Promise((resolve) => setTimeout(resolve, fault.retryAfter * 1000 || 250 * 2 ** attempt));
    }
  }
}

async function once<T>(method: string, path: string, given: Given): Promise<T> {
  const headers = await (source?.headers() ?? {});
  const answer = await reach(path + search(given.query), {
    method,
    headers: { ...headers, ...typeOf(given.body), ...(given.patience ? { Prefer: `wait=${given.patience}` } : {}) },
    body: bodyOf(given.body),
    signal: given.signal ?? null,
    keepalive: given.keepalive ?? false,
  });
  if (answer.ok) return (await read(answer)) as T;
  const refused = await refusal(answer);
  if (refused.status === 401) unauthorized(refused);
  if (isProjectGone(refused)) gone(path.split("/projects/")[1]?.split("/")[0] ?? "");
  throw refused;
}

async function reach(address: string, init: RequestInit): Promise<Response> {
  const timer = setTimeout(() => slow(), LONG_MS);
  try {
    return await fetch(address, init);
  } catch (fault) {
    if (init.signal?.aborted) throw fault;
    throw new Refused(0, "Unreachable", UNANSWERED);
  } finally {
    clearTimeout(timer);
  }
}

async function read(answer: Response): Promise<unknown> {
  if (answer.status === 204 || answer.headers.get("content-length") === "0") return undefined;
  const type = answer.headers.get("content-type") ?? "";
  return type.includes("json") ? answer.json() : answer.blob();
}

async function refusal(answer: Response): Promise<Refused> {
  const told = await answer.json().catch(() => ({}));
  const { code, message } = told.error ?? told;
  const id = answer.headers.get("apim-request-id") ?? "";
  const after = Number(answer.headers.get("retry-after")) || 0;
  return new Refused(answer.status, code ?? String(answer.status), message ?? `The service answered ${answer.status}.`, id, after);
}

function search(query: object = {}): string {
  const pairs = (Object.entries(query) as [string, Value][]).filter(([, value]) => isGiven(value));
  if (!pairs.length) return "";
  return `?${pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`).join("&")}`;
}

function isGiven(value: Value): boolean {
  return value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && !value.length);
}

function typeOf(body: unknown): Record<string, string> {
  if (body === undefined || body instanceof FormData) return {};
  return { "Content-Type": body instanceof Blob ? "application/octet-stream" : "application/json" };
}

function bodyOf(body: unknown): BodyInit | null {
  if (body === undefined) return null;
  return body instanceof FormData || body instanceof Blob ? body : JSON.stringify(body);
}
