// A client of the tus protocol (https://tus.io/protocols/resumable-upload) for the panel's own server. It sends one file
// to one address, and goes on after every break until the file has come, was refused, or somebody stops it.

const VERSION = { "Tus-Resumable": "1.0.0" };
const WAITS = [0, 1, 3, 5, 10, 20, 30]; // seconds before each try of a row that brings nothing
const STALLED = 30; // seconds without a byte after which a line counts as broken, as after a laptop slept
const CHECKING = 600; // seconds that the server may take to look at what has come, before it is asked again
const SAMPLES = 64; // pieces of a file that its fingerprint is made of
const SAMPLE_BYTES = 64 * 1024;
const AGAIN = new Set([408, 409, 423, 425, 429]); // refusals that are over after a while

const SENTENCES = { // for answers that have no body of their own
  404: "This upload is no longer here. Choose the file again.",
  410: "The time of this upload is over. Choose the file again to start over.",
  423: "This file is being sent already, maybe in another tab.",
};

// What the server says of a request that it does not do. Worth another try if it is not about the file or the person.
export class Refused extends Error {
  constructor(status, message, code = "") {
    super(message);
    this.status = status;
    this.code = code;
    this.passes = !status || status >= 500 || AGAIN.has(status);
  }
}

const broken = (message = "The line broke.") => new Refused(0, message);

// Answers are JSON; a proxy in between may answer with something else.
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

async function ask(url, options = {}) {
  let answer;
  try {
    answer = await fetch(url, { cache: "no-store", redirect: "manual", ...options });
  } catch {
    throw broken();
  }
  if (answer.type === "opaqueredirect") {
    throw new Refused(401, "You are signed out. Sign in again in another tab, load this page again, and choose the same file: what has come is kept.");
  }
  if (answer.ok) return answer;
  const told = parse(await answer.text());
  throw new Refused(answer.status, told.error ?? sentence(answer.status), told.code);
}

function sentence(status) {
  return SENTENCES[status] ?? (status < 500 ? "The panel did not take this file." : "The panel does not answer.");
}

export const list = async (url) => (await (await ask(url)).json()).uploads;
export const state = async (url) => (await ask(url)).json();
export const discard = (url, token) => ask(url, { method: "DELETE", headers: { ...VERSION, "X-CSRFToken": token } });

// POST: makes the address that a file is sent to. What is noted of it goes along as texts in base64.
export async function create(url, token, file, noted) {
  const pairs = Object.entries(noted).map(([name, text]) => `${name} ${base64(text)}`);
  const headers = { ...VERSION, "X-CSRFToken": token, "Upload-Length": file.size, "Upload-Metadata": pairs.join(",") };
  return (await ask(url, { method: "POST", headers })).headers.get("Location");
}

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

// What tells whether a file is the one that was begun, on another day and in another browser: its size, the time of its
// last change, and a hash over pieces from all over it. The whole of a large file would take as long as sending it.
export async function fingerprint(file) {
  const seen = `${file.size} ${file.lastModified}`;
  if (!globalThis.crypto?.subtle) return seen; // only where the panel is served without TLS
  const step = Math.max(SAMPLE_BYTES, (file.size - SAMPLE_BYTES) / (SAMPLES - 1));
  const pieces = [seen];
  for (let start = 0; start < file.size && pieces.length <= SAMPLES; start += step) {
    pieces.push(file.slice(Math.floor(start), Math.floor(start) + SAMPLE_BYTES));
  }
  const hash = await crypto.subtle.digest("SHA-256", await new Blob(pieces).arrayBuffer());
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// Sends a file. What happens is told to `show`, by the name of what it is now:
//   sending {offset}, checking {}, broken {message, seconds}, paused {}, refused {problem}, come {}
export class Transfer {
  constructor({ file, url, token, show }) {
    Object.assign(this, { file, url, token, show });
    this.offset = 0;
    this.stopped = true;
    this.turn = 0; // counts the starts, so that what an earlier one waits for changes nothing
    addEventListener("online", () => this.now());
    document.addEventListener("visibilitychange", () => document.hidden || this.now());
  }

  async start() {
    const turn = ++this.turn;
    const isOver = () => turn !== this.turn;
    this.stopped = false;
    let tries = 0;
    while (!isOver()) {
      const before = this.offset;
      try {
        const hasCome = await this.go();
        if (isOver()) return;
        if (hasCome) return this.show("come", {});
        tries = 0;
      } catch (problem) {
        if (isOver()) return;
        if (!(problem instanceof Refused) || !problem.passes) return this.refuse(problem);
        if (this.offset > before) tries = 0;
        await this.wait(problem.message, WAITS[Math.min(tries, WAITS.length - 1)]);
        tries += 1;
      }
    }
  }

  // One go: ask how much is there, send the rest. True once all of it is there.
  async go() {
    const answer = await ask(this.url, { method: "HEAD", headers: VERSION });
    this.offset = Number(answer.headers.get("Upload-Offset"));
    if (answer.headers.has("Upload-Length") && this.offset >= Number(answer.headers.get("Upload-Length"))) return true;
    await this.send(answer.headers.has("Upload-Defer-Length"));
    return false;
  }

  send(withLength) {
    const start = this.offset;
    const request = new XMLHttpRequest(); // fetch does not tell how far a body is
    this.request = request;
    request.open("PATCH", this.url);
    const headers = { ...VERSION, "X-CSRFToken": this.token, "Upload-Offset": start, "Content-Type": "application/offset+octet-stream" };
    if (withLength) headers["Upload-Length"] = this.file.size;
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    this.show("sending", { offset: start });
    return new Promise((resolve, reject) => {
      let lastSign = Date.now();
      let patience = STALLED;
      const watch = setInterval(() => Date.now() - lastSign > patience * 1000 && request.abort(), 1000);
      request.upload.addEventListener("progress", (event) => {
        lastSign = Date.now();
        this.offset = start + event.loaded;
        this.show("sending", { offset: this.offset });
      });
      request.upload.addEventListener("load", () => {
        patience = CHECKING;
        this.show("checking", {});
      });
      request.addEventListener("loadend", () => {
        clearInterval(watch);
        const told = parse(request.responseText);
        if (request.status === 204) resolve();
        else if (request.status) reject(new Refused(request.status, told.error ?? sentence(request.status), told.code));
        else this.unreadable(start).then((unreadable) => reject(unreadable ?? broken()));
      });
      request.send(this.file.slice(start));
    });
  }

  // A browser says no more than "broken" when the file itself was changed or taken away meanwhile.
  async unreadable(start) {
    try {
      await this.file.slice(start, start + 1).arrayBuffer();
      return null;
    } catch {
      return new Refused(400, "The file was changed or removed while it was sent. Choose it again.");
    }
  }

  // Counts down to the next try; `now` ends it at once.
  wait(message, seconds) {
    return new Promise((resolve) => {
      const end = Date.now() + seconds * 1000;
      const tick = () => {
        const left = Math.ceil((end - Date.now()) / 1000);
        if (left <= 0) this.now();
        else this.show("broken", { message, seconds: left });
      };
      const timer = setInterval(tick, 250);
      this.wake = () => {
        clearInterval(timer);
        this.wake = null;
        resolve();
      };
      tick();
    });
  }

  now() {
    this.wake?.();
  }

  stop() {
    this.stopped = true;
    this.turn += 1;
    this.request?.abort();
    this.now();
  }

  pause() {
    this.stop();
    this.show("paused", {});
  }

  // The reason may be on the upload alone: a HEAD has no body, and a line that broke no answer.
  async refuse(problem) {
    this.stop();
    const told = await state(this.url).catch(() => ({}));
    const reason = told.status === "failed" ? told.error : problem.message;
    this.show("refused", { problem: new Refused(problem.status, reason, problem.code) });
  }
}
